import { equalBytes } from '../encoding/bytes.ts'
import { type TrustKey, type TrustSlice, windowFault } from '../trust/trustList.ts'
import { trustFault } from './checkIssuer.ts'
import type { DocumentInput, DocumentSignature, Evidence } from './evidence.ts'
import type { ReadCredential } from './readCredential.ts'
import type { Check } from './report.ts'

const ofCard: Check = { name: 'document', outcome: 'not-applicable', code: 'document.card', detail: '' }
const notGiven: Check = { name: 'document', outcome: 'not-applicable', code: 'document.not-given', detail: '' }

/** The check `document`: is the file that came along the one that was registered, or one that the issuer itself signed (formats 8). */
export function checkDocument({ claims }: ReadCredential, document: DocumentInput | undefined, evidence: Evidence, now: number): Check {
  if (document === undefined) return notGiven
  // No file is registered with a card: one that came along, such as a picture of it, says nothing.
  if (claims.card) return ofCard
  const registered = claims.diploma?.document
  if (registered && equalBytes(registered, document.sha256))
    return { name: 'document', outcome: 'passed', code: 'document.matches', detail: '' }
  const signatures = document.signatures ?? []
  if (signatures.some(signature => !signature.verified)) {
    return { name: 'document', outcome: 'failed', code: 'document.signature-wrong', detail: '' }
  }
  const slice = evidence.trust.value
  const signer = slice && !trustFault(slice, now) ? signatures.find(signature => isBy(signature, claims.iss, slice)) : undefined
  return signer
    ? { name: 'document', outcome: 'passed', code: 'document.signed', detail: '', asOf: signer.signedAt }
    : { name: 'document', outcome: 'unavailable', code: 'document.copy', detail: '' }
}

function isBy(signature: DocumentSignature, iss: string, slice: TrustSlice): boolean {
  const keys: readonly TrustKey[] = slice.agencies.get(iss)?.keys ?? []
  return (
    signature.wholeFile &&
    keys.some(
      key =>
        key.use === 'document' && !key.compromise && !windowFault(key, signature.signedAt) && isCertificateOf(key, signature.certificate),
    )
  )
}

function isCertificateOf({ x5c }: TrustKey, certificate: Uint8Array): boolean {
  if (!x5c) return false
  try {
    const der = atob(x5c[0]!)
    return der.length === certificate.length && certificate.every((byte, i) => byte === der.charCodeAt(i))
  } catch {
    return false
  }
}
