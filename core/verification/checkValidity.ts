import { vietnamDay } from '../encoding/vietnamDay.ts'
import type { Evidence } from './evidence.ts'
import type { JudgedCredential } from './readCredential.ts'
import type { Check } from './report.ts'
import { isFuture, isOlderThan, isPast, onlineAge } from './time.ts'

const passed: Check = { name: 'validity', outcome: 'passed', code: 'validity.passed', detail: '' }

/** The check `validity`: issued already, not expired yet, by a clock that the evidence does not contradict (formats 8). */
export function checkValidity({ claims: { iat, exp } }: JudgedCredential, evidence: Evidence, now: number): Check {
  // A clock that is behind makes an expired credential no younger.
  if (exp !== undefined && isPast(exp, now))
    return { name: 'validity', outcome: 'failed', code: 'validity.expired', detail: vietnamDay(exp + 1) }
  const { trust, index, statusList } = evidence
  const newest = Math.max(trust.value?.iat ?? 0, index.value?.iat ?? 0, statusList.value?.iat ?? 0)
  if (isFuture(newest, now))
    return { name: 'validity', outcome: 'unavailable', code: 'validity.clock', detail: String(newest - now), asOf: newest }
  if (!isFuture(iat, now)) return passed
  const isConfirmed = [trust, index, statusList].some(piece => piece.value && piece.online && !isOlderThan(piece.value.iat, onlineAge, now))
  return isConfirmed
    ? { name: 'validity', outcome: 'failed', code: 'validity.future', detail: vietnamDay(iat) }
    : { name: 'validity', outcome: 'unavailable', code: 'validity.future-unconfirmed', detail: vietnamDay(iat) }
}
