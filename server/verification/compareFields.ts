import { isPartialDate } from '../../core/credential/partialDate.ts'
import { isAgencyCode } from '../../core/identity/agencyCode.ts'
import type { ReportedDiploma } from '../../core/verification/report.ts'

/** How a typed field stands to the registered one; `partial`: equal as far as the register knows. */
export type FieldMatch = 'match' | 'partial' | 'differs'

/** Fields that a checker may type beside issuer, number and birth date. */
export interface TypedFields {
  readonly holderName?: string | undefined
  readonly awarded?: string | undefined
  readonly title?: string | undefined
  readonly classification?: string | undefined
}

/** Each given field beside the registered data. */
export function compareFields(
  typed: TypedFields,
  registered: Pick<ReportedDiploma, 'holderName' | 'awarded' | 'title' | 'classification'>,
): Record<string, FieldMatch> {
  const result: Record<string, FieldMatch> = {}
  if (typed.holderName) result.holderName = sameText(typed.holderName, registered.holderName)
  if (typed.awarded) result.awarded = sameDate(typed.awarded, registered.awarded)
  if (typed.title) result.title = sameText(typed.title, registered.title)
  if (typed.classification) result.classification = sameText(typed.classification, registered.classification ?? '')
  return result
}

/** What a checker has in a list beside the file of a line, as it was typed. */
export interface TypedLine extends TypedFields {
  readonly agency?: string | undefined
  readonly soHieu?: string | undefined
  readonly ngaySinh?: string | undefined
}

/** Each given field beside the diploma that was found in a file; what cannot be compared is left out. */
export function compareLine(typed: TypedLine, registered: ReportedDiploma): Record<string, FieldMatch> {
  const { agency, soHieu, ngaySinh, awarded } = typed
  const { issuer, number, registerNumber, birthDate } = registered
  const result: Record<string, FieldMatch> = {}
  if (agency && isAgencyCode(agency)) result.agency = agency === issuer ? 'match' : 'differs'
  if (soHieu) result.soHieu = [number, registerNumber].some(each => each && plain(each) === plain(soHieu)) ? 'match' : 'differs'
  if (ngaySinh && birthDate !== undefined) result.ngaySinh = sameDate(readTypedDate(ngaySinh) ?? ngaySinh, birthDate)
  return { ...result, ...compareFields({ ...typed, awarded: awarded && (readTypedDate(awarded) ?? awarded) }, registered) }
}

/** Letter case, spaces and Unicode form do not count; diacritics do. */
function sameText(typed: string, registered: string): FieldMatch {
  return plain(typed) === plain(registered) ? 'match' : 'differs'
}

function plain(text: string): string {
  return text.normalize('NFC').toLocaleLowerCase('vi').replace(/\s+/g, ' ').trim()
}

/** Dates as `YYYY`, `YYYY-MM` or `YYYY-MM-DD`: what the register does not know is not compared, what is not typed differs. */
export function sameDate(typed: string, registered: string): FieldMatch {
  if (typed === registered) return 'match'
  return typed.startsWith(`${registered}-`) ? 'partial' : 'differs'
}

/** A date as people type it (31/03/1990, 3/1990, 1990, 1990-03-31) in the register's form, or null. */
export function readTypedDate(text: string): string | null {
  const typed = text.trim()
  const parts = /^(?:(?:(\d{1,2})[/.-])?(\d{1,2})[/.-])?(\d{4})$/.exec(typed)
  const iso = parts
    ? [parts[3], parts[2]?.padStart(2, '0'), parts[1]?.padStart(2, '0')].filter(part => part !== undefined).join('-')
    : typed
  return isPartialDate(iso) ? iso : null
}
