import type { PdfSignature } from '../../core/pdf/signatureFields.ts'
import type { DocumentSignature } from '../../core/verification/evidence.ts'
import { loadedPart } from '../platform/partMissing.ts'

/**
 * The signature of a PDF (CMS SignedData, RFC 5652), verified in the browser under the key of its own certificate; whose certificate it
 * is, `core` judges. Its library loads only when a file has a signature.
 */
export async function verifySignature(field: PdfSignature): Promise<DocumentSignature> {
  const wholeFile = field.range === 'whole'
  const none: DocumentSignature = { verified: false, wholeFile, certificate: new Uint8Array(0), signedAt: field.claimedAt ?? 0 }
  if (field.range === 'odd') return none
  const [{ fromBER }, pkijs] = await loadedPart(Promise.all([import('asn1js'), import('pkijs')]))
  try {
    const parsed = fromBER(bufferOf(field.cms))
    const signed = new pkijs.SignedData({ schema: new pkijs.ContentInfo({ schema: parsed.result }).content })
    const signer = signed.signerInfos[0]
    if (!signer || signed.signerInfos.length !== 1) return none
    const result = await signed.verify({ signer: 0, data: bufferOf(...field.signedParts), checkChain: false, extendedMode: true })
    const certificate = result.signerCertificate
    if (!certificate) return none
    const from = Math.floor(certificate.notBefore.value.getTime() / 1000)
    return {
      verified: result.signatureVerified === true,
      wholeFile,
      certificate: new Uint8Array(certificate.toSchema().toBER()),
      signedAt: field.claimedAt ?? from,
    }
  } catch {
    return none
  }
}

function bufferOf(...parts: readonly Uint8Array[]): ArrayBuffer {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes.buffer
}
