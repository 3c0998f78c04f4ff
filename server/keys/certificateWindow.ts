import { X509Certificate } from 'node:crypto'

/** First and last second of a certificate's validity; `certificate` is base64 of its DER. */
export function certificateWindow(certificate: string): { notBefore: number; notAfter: number } {
  const { validFrom, validTo } = new X509Certificate(Buffer.from(certificate, 'base64'))
  return { notBefore: Math.ceil(Date.parse(validFrom) / 1000), notAfter: Math.floor(Date.parse(validTo) / 1000) }
}
