import type { ErrorCode } from '../../core/errors.ts'

const exact: Partial<Record<ErrorCode, number>> = {
  'auth.unavailable': 503,
}

const byPrefix: readonly (readonly [string, number])[] = [
  ['internal', 500],
  ['cipher.', 500],
  ['auth.required', 401],
  ['auth.', 403],
  ['limit.', 429],
  ['http.not-found', 404],
  ['http.method', 405],
  ['http.timeout', 408],
  ['http.too-large', 413],
  ['http.headers', 431],
  ['http.media-type', 415],
  ['http.unavailable', 503],
]

/** HTTP status of an error code: its own, else by prefix, `*.not-found` 404, `*.conflict` 409, `*.unavailable` 503, else 422. */
export function problemStatus(code: ErrorCode): number {
  const own = exact[code]
  if (own) return own
  for (const [prefix, status] of byPrefix) if (code.startsWith(prefix)) return status
  if (code.endsWith('.not-found')) return 404
  if (code.endsWith('.conflict')) return 409
  if (code.endsWith('.unavailable')) return 503
  if (code.startsWith('http.')) return 400
  return 422
}
