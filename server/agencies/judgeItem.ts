import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { digestOfClaims } from '../requests/createRequest.ts'
import type { ItemRow } from '../requests/requestsTable.ts'
import { type AgencyChange, agencyChangeClaims, carryOut, changeOfClaims, isAsShown, judgeChange, scopeOfChange } from './agencyChange.ts'
import { type AgencyState, chainOf } from './agencyState.ts'

/** The change of an item, done in `states`; or the outcome of an item that cannot be carried out any more, which leaves them as they are. */
export function judgeItem(
  cipher: FieldCipher,
  states: Map<AgencyCode, AgencyState>,
  scope: AgencyCode,
  item: Pick<ItemRow, 'claims' | 'claimsDigest'>,
): AgencyChange | string {
  const text = cipher.open(item.claims).toString('utf8')
  if (!digestOfClaims(text).equals(item.claimsDigest)) return 'request.changed.conflict'
  const claims = agencyChangeClaims.parse(JSON.parse(text))
  const change = changeOfClaims(claims)
  try {
    if (!isAsShown(states, claims)) return 'request.changed.conflict'
    judgeChange(states, change)
    if (!chainOf(states, scopeOfChange(states, change)).includes(scope)) return 'auth.outside-scope'
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return error.code
  }
  carryOut(states, change)
  return change
}
