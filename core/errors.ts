/** Every error code there is, with its meaning in one line; `docs/errors.md` is made from this table. */
export const errorCodes = {
  'encoding.base64url': 'Not canonical base64url without padding',
  'encoding.cbor': 'Not deterministic CBOR of the allowed kinds and depth',
  'encoding.decimal': 'Not the decimal text form of bytes',
  'encoding.hex': 'Not lowercase hexadecimal',
  'encoding.json': 'Not JSON of the allowed depth, or a name occurs twice',
  'encoding.utf8': 'Not well-formed UTF-8',
  'internal': 'Something failed that should not have; the request id finds it in the log',
} as const

export type ErrorCode = keyof typeof errorCodes

/** A broken rule or broken input. A negative verdict is data, never an AppError. */
export class AppError extends Error {
  readonly code: ErrorCode
  /** What was wrong, without personal data; may be shown to the caller. */
  readonly detail: string

  constructor(code: ErrorCode, detail: string = errorCodes[code], options?: ErrorOptions) {
    super(`${code}: ${detail}`, options)
    this.name = 'AppError'
    this.code = code
    this.detail = detail
  }
}
