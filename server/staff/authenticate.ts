import type { NextFunction, Request, RequestHandler, Response } from 'express'
import { AppError } from '../../core/errors.ts'
import type { Actor } from './actor.ts'

export interface AuthenticateDeps {
  /** The actor of a bearer access token; throws auth.required when the token is not good. */
  actorOfToken(token: string): Promise<Actor>
  /** The actor of the request's session, null without one or when it is locked. May set cookies. */
  actorOfSession(req: Request, res: Response): Promise<Actor | null>
  /** Whether an administrator has barred this person; a session of theirs has ended, a token has not. */
  isBarred(sub: string): Promise<boolean>
}

/**
 * Middleware that sets `req.actor` from a bearer token or, failing that, from the session cookie. A request that carries a
 * bearer token never falls back to a cookie, so API routes reached by token need no CSRF protection.
 */
export function authenticate(deps: AuthenticateDeps): RequestHandler {
  return async (req: Request, res: Response, next: NextFunction) => {
    req.actor = null
    const header = req.headers.authorization
    if (header === undefined) {
      req.actor = await deps.actorOfSession(req, res)
    } else {
      const token = /^Bearer ([\w.~+/=-]{1,8192})$/i.exec(header)?.[1]
      if (!token) throw new AppError('auth.required', 'The Authorization header holds no bearer token')
      req.actor = await deps.actorOfToken(token)
      if (await deps.isBarred(req.actor.sub)) throw new AppError('auth.forbidden', 'This account has been barred')
    }
    next()
  }
}
