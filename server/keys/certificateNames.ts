import { X509Certificate } from 'node:crypto'

/** Whether a certificate (base64 of DER) has this URI as a subject alternative name: an SD-JWT's leaf names its issuer so (formats 2). */
export function certificateNames(certificate: string, uri: string): boolean {
  const names = new X509Certificate(Buffer.from(certificate, 'base64')).subjectAltName ?? ''
  // node:crypto quotes a name that holds a comma or a quotation mark, which no issuer's address does.
  return names.split(', ').includes(`URI:${uri}`)
}
