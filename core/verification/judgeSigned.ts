import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import type { TrustKey } from '../trust/trustList.ts'
import { checkAnchor } from './checkAnchor.ts'
import { checkDocument } from './checkDocument.ts'
import { checkIssuer } from './checkIssuer.ts'
import { checkLog } from './checkLog.ts'
import { checkPhoto } from './checkPhoto.ts'
import { checkStatus } from './checkStatus.ts'
import { checkValidity } from './checkValidity.ts'
import type { Evidence, VerifyInput } from './evidence.ts'
import { type PolicyName, requires } from './policy.ts'
import type { JudgedCredential } from './readCredential.ts'
import type { Check } from './report.ts'
import { skippedCheck } from './skippedChecks.ts'

const logNotRequired: Check = { name: 'log', outcome: 'not-applicable', code: 'log.not-required', detail: '' }
const anchorNotRequired: Check = { name: 'anchor', outcome: 'not-applicable', code: 'anchor.not-required', detail: '' }

/**
 * The checks `issuer` to `photo` in their order, of a credential whose form and signature have been judged. `key` is that of
 * `issuingKey`; `ref` 16 bytes, undefined of an SD-JWT VC, which names none.
 */
export async function judgeSigned(
  credential: JudgedCredential,
  key: TrustKey | undefined,
  ref: Uint8Array | undefined,
  came: Pick<VerifyInput, 'photo' | 'document'>,
  evidence: Evidence,
  policy: PolicyName,
  now: number,
  crypto: CoreCrypto,
): Promise<Check[]> {
  const entitled = checkIssuer(credential, key, ref, evidence, now, crypto)
  const issuer = entitled instanceof Promise ? await entitled : entitled
  const validity = checkValidity(credential, evidence, now)
  const status = checkStatus(credential, key, evidence, now)
  const document = checkDocument(credential, came.document, evidence, now)

  let log = logNotRequired
  let anchor = anchorNotRequired
  if (credential.kind === undefined) {
    log = skippedCheck('log')
    anchor = skippedCheck('anchor')
  } else if (requires(policy, credential.kind, 'log')) {
    const { check, proven } = await checkLog(credential, ref, evidence, now, crypto)
    log = check
    anchor = await checkAnchor(proven, evidence, now, crypto)
  }
  const compared = checkPhoto(credential, came.photo, crypto)
  const photo = compared instanceof Promise ? await compared : compared
  return [issuer, validity, status, document, log, anchor, photo]
}
