import { equalBytes } from '../encoding/bytes.ts'
import { type TrustKey, type TrustSlice, windowFault } from '../trust/trustList.ts'
import type { CopyDetail } from './checkCode.ts'
import { trustFault } from './checkIssuer.ts'
import type { DocumentInput, DocumentSignature, Evidence } from './evidence.ts'
import type { JudgedCredential } from './readCredential.ts'
import type { Check } from './report.ts'

const ofCard: Check = { name: 'document', outcome: 'not-applicable', code: 'document.card', detail: '' }
const notGiven: Check = { name: 'document', outcome: 'not-applicable', code: 'document.not-given', detail: '' }

/**
 * The check `document`: is the file that came along the one that was registered, or one that the issuer itself signed (formats 8).
 * Of any other file the detail is a `CopyDetail`, or empty when its signatures or the trust list are not known.
 */
export function checkDocument({ claims }: JudgedCredential, document: DocumentInput | undefined, evidence: Evidence, now: number): Check {
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
  const copy = (detail: CopyDetail | '') => ({ name: 'document', outcome: 'unavailable', code: 'document.copy', detail }) as const
  // Nobody looked for signatures: only the digest is known.
  if (!document.signatures) return copy('')
  if (signatures.length === 0) return copy('unsigned')
  const slice = evidence.trust.value
  if (!slice || trustFault(slice, now)) return copy('')
  const faults = signatures.map(signature => faultOf(signature, claims.iss, slice))
  const signer = signatures[faults.indexOf(undefined)]
  if (signer) return { name: 'document', outcome: 'passed', code: 'document.signed', detail: '', asOf: signer.signedAt }
  return copy(gravity.find(fault => faults.includes(fault))!)
}

// What is nearest to the issuer's own signature says most of a file with several.
const gravity = ['appended', 'expired', 'compromised', 'foreign'] as const satisfies readonly CopyDetail[]

/** Why a signature that verifies is not the issuer's over the whole file; undefined when it is. */
function faultOf(signature: DocumentSignature, iss: string, slice: TrustSlice): (typeof gravity)[number] | undefined {
  const keys: readonly TrustKey[] = slice.agencies.get(iss)?.keys ?? []
  const own = keys.filter(key => key.use === 'document' && isCertificateOf(key, signature.certificate))
  if (own.length === 0) return 'foreign'
  const sound = own.filter(key => !key.compromise)
  if (sound.length === 0) return 'compromised'
  if (sound.every(key => windowFault(key, signature.signedAt))) return 'expired'
  return signature.wholeFile ? undefined : 'appended'
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
