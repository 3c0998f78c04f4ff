import { createHash } from 'node:crypto'
import type { CookieOptions, Request, Response } from 'express'
import { AppError } from '../../core/errors.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'

/** What a browser keeps, sealed, while its person is at the identity provider. */
export interface PendingSignIn {
  state: string
  nonce: string
  verifier: string
  fresh: boolean
  /** The page of ours to go to afterwards. */
  returnTo: string
  /** Milliseconds. */
  at: number
}

const lifetime = 15 * 60_000

// One cookie a sign-in, so that two tabs do not disturb each other.
const nameOf = (state: string) => `antin_signin_${createHash('sha256').update(state).digest('hex').slice(0, 12)}`
const optionsOf = (secure: boolean): CookieOptions => ({ httpOnly: true, secure, sameSite: 'lax', path: '/signin' })

export function setPendingSignIn(res: Response, cipher: FieldCipher, secure: boolean, pending: PendingSignIn): void {
  const sealed = cipher.seal(JSON.stringify(pending)).toString('base64url')
  res.cookie(nameOf(pending.state), sealed, { ...optionsOf(secure), maxAge: lifetime })
}

/** The sign-in that this browser began with `state`; its cookie is taken away. @throws auth.sign-in */
export function takePendingSignIn(
  req: Request,
  res: Response,
  cipher: FieldCipher,
  secure: boolean,
  state: string,
  now: number,
): PendingSignIn {
  const name = nameOf(state)
  const value = new RegExp(`(?:^|;\\s*)${name}=([\\w-]+)`).exec(req.headers.cookie ?? '')?.[1]
  if (!value) throw new AppError('auth.sign-in', 'This sign-in was not begun in this browser, or took too long')
  res.clearCookie(name, optionsOf(secure))
  const pending = JSON.parse(cipher.open(Buffer.from(value, 'base64url')).toString('utf8')) as PendingSignIn
  if (pending.state !== state || now - pending.at > lifetime) throw new AppError('auth.sign-in', 'This sign-in took too long')
  return pending
}
