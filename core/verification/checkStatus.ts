import { equalBytes } from '../encoding/bytes.ts'
import { getStatus } from '../status-list/statusList.ts'
import { findKey, maySign, type TrustKey, type TrustSlice, windowFault } from '../trust/trustList.ts'
import type { CheckCode } from './checkCode.ts'
import { trustFault } from './checkIssuer.ts'
import type { Evidence, StatusList } from './evidence.ts'
import type { JudgedCredential } from './readCredential.ts'
import type { Check } from './report.ts'
import { isFuture, isOlderThan, isPast, onlineAge } from './time.ts'

const failures = [undefined, 'status.revoked', 'status.suspended', 'status.never-issued'] as const

/** The check `status` (formats 3). `key` is the credential's: its agency owns the list. */
export function checkStatus(credential: JudgedCredential, key: TrustKey | undefined, evidence: Evidence, now: number): Check {
  const found = evidence.statusList
  if (found.value === undefined) return unavailable(found.code, found.detail)
  const slice = evidence.trust.value
  const reference = credential.claims.card?.status ?? credential.claims.diploma?.status
  if (!reference) return unavailable('status.newer')
  if (!slice || !key || trustFault(slice, now)) return unavailable('status.no-trust')
  const list = found.value
  const fault = knownFault(list, key, reference.list, slice) ?? ageFault(list, credential, found.online, now)
  if (fault) return { name: 'status', outcome: 'unavailable', code: fault, detail: '', asOf: list.iat }
  const status = getStatus(list.bits, reference.idx)
  if (status === 0) return { name: 'status', outcome: 'passed', code: 'status.passed', detail: '', asOf: list.iat }
  if (status === undefined)
    return { name: 'status', outcome: 'unavailable', code: 'status.index', detail: String(reference.idx), asOf: list.iat }
  return { name: 'status', outcome: 'failed', code: failures[status]!, detail: '', asOf: list.iat }
}

interface Judged {
  readonly key: TrustKey
  readonly number: number
  readonly slice: TrustSlice
  readonly fault: CheckCode | undefined
}

const judged = new WeakMap<StatusList, Judged>()

/** `listFault`, remembered for the next credential of the same list. */
function knownFault(list: StatusList, key: TrustKey, number: number, slice: TrustSlice): CheckCode | undefined {
  const known = judged.get(list)
  if (known && known.key === key && known.number === number && known.slice === slice) return known.fault
  const fault = listFault(list, key, number, slice)
  judged.set(list, { key, number, slice, fault })
  return fault
}

/** Why this list does not speak for the list `number` of the agency of `issuingKey`, whatever the time is. */
export function listFault(list: StatusList, issuingKey: TrustKey, number: number, slice: TrustSlice): CheckCode | undefined {
  const owner = issuingKey.agency
  const lists = `${owner.url}/status-lists/`
  if (list.sub !== lists + number) return list.sub.startsWith(lists) ? 'status.other-list' : 'status.other-issuer'
  const signer = findKey(slice, list.kid)
  if (!signer || !equalBytes(signer.thumbprint, list.thumbprint)) return 'status.unknown-key'
  if (signer.use !== 'status') return 'status.use'
  if (windowFault(signer, list.iat)) return 'status.key-window'
  if (signer.compromise) return 'status.compromised'
  return maySign(slice, signer.agency.code, owner.code, list.iat) ? undefined : 'status.other-issuer'
}

function ageFault(list: StatusList, { claims }: JudgedCredential, online: boolean, now: number): CheckCode | undefined {
  if (isFuture(list.iat, now)) return 'status.future'
  if (isPast(list.exp, now)) return 'status.expired'
  if (list.iat < claims.iat) return 'status.before-credential'
  return online && isOlderThan(list.iat, onlineAge, now) ? 'status.stale' : undefined
}

function unavailable(code: CheckCode, detail = ''): Check {
  return { name: 'status', outcome: 'unavailable', code, detail }
}
