import { AppError } from '../../core/errors.ts'
import { assertSigningCertificate } from './certificateFacts.ts'
import { certificateWindow } from './certificateWindow.ts'

/** From when to when a key may sign, seconds, both ends included. */
interface Window {
  notBefore: number
  notAfter: number
}

type Wanted = { notBefore?: number | undefined; notAfter?: number | undefined }
type Deps = { clock: () => number }

/** A window as asked for, from now on when it does not say. Throws `key.window` when it is empty or past. */
export function windowOf({ clock }: Deps, { notBefore = clock(), notAfter }: { notBefore?: number | undefined; notAfter: number }): Window {
  if (notAfter <= notBefore || notAfter <= clock()) throw new AppError('key.window')
  return { notBefore, notAfter }
}

/** The part of what is asked for in which the key's certificate (base64 of DER) is valid. Throws as `assertSigningCertificate` does, and `key.window`. */
export function windowWithin(deps: Deps, wanted: Wanted, certificate: string): Window {
  assertSigningCertificate(certificate, deps.clock())
  const window = certificateWindow(certificate)
  const notBefore = Math.max(wanted.notBefore ?? deps.clock(), window.notBefore)
  return windowOf(deps, { notBefore, notAfter: Math.min(wanted.notAfter ?? window.notAfter, window.notAfter) })
}

/** The window of a token's key: within its certificate where it has one. Throws `key.certificate` for a document key without, or no end at all. */
export function windowOfToken(deps: Deps, wanted: Wanted & { use: string }, x5c: readonly string[]): Window {
  const [leaf] = x5c
  if (leaf) return windowWithin(deps, wanted, leaf)
  if (wanted.use === 'document' || wanted.notAfter === undefined)
    throw new AppError('key.certificate', 'The token holds no certificate of the key')
  return windowOf(deps, { ...wanted, notAfter: wanted.notAfter })
}
