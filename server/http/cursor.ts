import { AppError } from '../../core/errors.ts'
import { isAgencyCode } from '../../core/identity/agencyCode.ts'

const matches = (form: RegExp) => (id: string) => form.test(id)
const ref = matches(/^[\w-]{21}[AQgw]$/)
const uuid = matches(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/)
/** The lists that are read with a cursor, with the form of their ids; one list's cursor is none of another's. */
const idForms = {
  agencies: isAgencyCode as (id: string) => boolean,
  cards: ref,
  deliveries: uuid,
  diplomas: ref,
  imports: uuid,
  keys: matches(/^[\w-]{11}$/),
  'print-jobs': uuid,
  requests: uuid,
  views: matches(/^\d{1,15}$/),
  webhooks: uuid,
}
type List = keyof typeof idForms

/** A place in a list: of the row that a page ended with. */
export interface Place {
  at: Date
  id: string
}

/** `next` of a page of at most `limit` rows: opaque, and null when it was not full. */
export function nextCursor<Row>(list: List, rows: readonly Row[], limit: number, placeOf: (row: Row) => Place): string | null {
  const last = rows.length === limit ? rows.at(-1) : undefined
  if (last === undefined) return null
  const { at, id } = placeOf(last)
  return Buffer.from(JSON.stringify([list, at.getTime(), id])).toString('base64url')
}

/** Throws `http.invalid` for a text that `nextCursor` did not make for this list. */
export function decodeCursor(list: List, text: string): Place {
  try {
    const [of, at, id] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as [string, number, string]
    const isTime = Number.isSafeInteger(at) && at >= 0 && at <= 8.64e15
    if (of === list && isTime && typeof id === 'string' && idForms[list](id)) return { at: new Date(at), id }
  } catch {
    // falls through: not ours
  }
  throw new AppError('http.invalid', 'The cursor is not one that this list gave')
}
