import { AppError } from '../../core/errors.ts'

/** An opaque place in a list. */
export function encodeCursor(place: { at: Date; id: string }): string {
  return Buffer.from(JSON.stringify([place.at.getTime(), place.id])).toString('base64url')
}

/** Throws `http.invalid` for a text that `encodeCursor` did not make. */
export function decodeCursor(text: string): { at: Date; id: string } {
  try {
    const [at, id] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as [number, string]
    if (Number.isSafeInteger(at) && typeof id === 'string' && /^[\w-]{1,64}$/.test(id)) return { at: new Date(at), id }
  } catch {
    // falls through: not ours
  }
  throw new AppError('http.invalid', 'The cursor is not one that a list gave')
}
