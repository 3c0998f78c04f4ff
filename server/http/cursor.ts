import { AppError } from '../../core/errors.ts'

const ref = /^[\w-]{21}[AQgw]$/
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/
/** The lists that are read with a cursor, with the form of their ids; one list's cursor is none of another's. */
const idForms = { cards: ref, diplomas: ref, requests: uuid, deliveries: uuid }
type List = keyof typeof idForms

/** An opaque place in a list. */
export function encodeCursor(list: List, place: { at: Date; id: string }): string {
  return Buffer.from(JSON.stringify([list, place.at.getTime(), place.id])).toString('base64url')
}

/** Throws `http.invalid` for a text that `encodeCursor` did not make for this list. */
export function decodeCursor(list: List, text: string): { at: Date; id: string } {
  try {
    const [of, at, id] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as [string, number, string]
    const isTime = Number.isSafeInteger(at) && at >= 0 && at <= 8.64e15
    if (of === list && isTime && typeof id === 'string' && idForms[list].test(id)) return { at: new Date(at), id }
  } catch {
    // falls through: not ours
  }
  throw new AppError('http.invalid', 'The cursor is not one that this list gave')
}
