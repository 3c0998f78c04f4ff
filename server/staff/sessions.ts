import { createHash, randomBytes } from 'node:crypto'
import type { CookieOptions, Request, Response } from 'express'
import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import { parseAgencyCode } from '../../core/identity/agencyCode.ts'
import { type Actor, type Role, roles } from './actor.ts'
import type { PersonClaims } from './claims.ts'
import type { KnownPerson } from './knownPerson.ts'
import {
  deleteExpiredSessions,
  deleteSession,
  type Flash,
  findSession,
  insertSession,
  lockSession,
  renewSession,
  type SessionRow,
  setFlash,
  touchSession,
} from './sessionTable.ts'

/** What pages know of the session behind a request. */
export interface StaffSession {
  /** Hex SHA-256 of the identifier. */
  id: string
  sub: string
  name: string
  /** Goes into every form; compared in constant time by the console. */
  csrf: string
  /** True after too long without activity: nobody acts until the person signs in again. */
  locked: boolean
  /** Seconds without activity after which it locks. */
  idleSeconds: number
  flash: Flash | null
}

declare global {
  namespace Express {
    interface Request {
      /** The session behind the cookie, locked or not; absent without one. */
      staffSession?: StaffSession
    }
  }
}

/** Seconds without activity until a session locks (TCVN 11930, level 3): 15 min, of an admin 5 min. */
export const idleLimit = { staff: 900, admin: 300 } as const
const lifetime = 12 * 3600
const touchEvery = 30

export interface SessionsDeps {
  pool: Pool
  publicUrl: string
  /** Seconds. */
  clock: () => number
}

export interface Sessions {
  /** Sets `req.staffSession`; returns who acts, null without a session or when it is locked. @throws auth.csrf for a form from another site */
  actorOfSession(req: Request, res: Response): Promise<Actor | null>
  /** Opens a session after a sign-in; of the same person's earlier session it keeps the forms' token. */
  open(req: Request, res: Response, person: PersonClaims, signedIn: OpenedBy): Promise<void>
  /** Ends the request's session. */
  close(req: Request, res: Response): Promise<void>
  lock(req: Request): Promise<void>
  flash(req: Request, flash: Flash): Promise<void>
  /** The message left for this page, which is then gone. */
  takeFlash(req: Request): Promise<Flash | null>
}

export interface OpenedBy extends Partial<KnownPerson> {
  /** Seconds. */
  steppedUpAt?: number
}

/** Sessions in PostgreSQL: the cookie is a random identifier that the database knows only by its hash. */
export function createSessions(deps: SessionsDeps): Sessions {
  const { pool, clock } = deps
  const url = new URL(deps.publicUrl)
  const secure = url.protocol === 'https:'
  // Cookies ignore ports, so two installations on one machine need two names.
  const cookieName = secure ? '__Host-antin' : `antin_${url.port || '80'}`
  const cookieOptions: CookieOptions = { httpOnly: true, secure, sameSite: 'lax', path: '/' }
  const pattern = new RegExp(`(?:^|;\\s*)${cookieName}=([\\w-]{43})(?:;|$)`)

  const idHashOf = (req: Request) => {
    const id = pattern.exec(req.headers.cookie ?? '')?.[1]
    return id === undefined ? null : createHash('sha256').update(id).digest()
  }
  const hashOf = (req: Request) => {
    if (!req.staffSession) throw new AppError('auth.required')
    return Buffer.from(req.staffSession.id, 'hex')
  }

  return {
    async actorOfSession(req, res) {
      const idHash = idHashOf(req)
      if (!idHash) return null
      const now = new Date(clock() * 1000)
      const row = await findSession(pool, idHash, now)
      if (!row) {
        res.clearCookie(cookieName, cookieOptions)
        return null
      }
      if (!isSafe(req.method) && !isFromOurSite(req, url)) throw new AppError('auth.csrf')
      const idle = (now.getTime() - row.lastSeenAt.getTime()) / 1000
      const idleSeconds = row.roles.includes('admin') ? idleLimit.admin : idleLimit.staff
      const locked = row.lockedAt !== null || idle > idleSeconds
      req.staffSession = { id: idHash.toString('hex'), sub: row.sub, name: row.name, csrf: row.csrf, locked, idleSeconds, flash: row.flash }
      if (locked) {
        if (!row.lockedAt) await lockSession(pool, idHash, now)
        return null
      }
      // Polling in the background is no activity of a person.
      if (idle > touchEvery && req.headers['x-background'] === undefined) await touchSession(pool, idHash, now)
      return actorOf(row)
    },

    async open(req, res, person, signedIn) {
      const now = new Date(clock() * 1000)
      const id = randomBytes(32).toString('base64url')
      const granted = new Set(person.roles)
      if (signedIn.personIndex !== undefined) granted.add('holder')
      const session = {
        idHash: createHash('sha256').update(id).digest(),
        sub: person.sub,
        name: person.name,
        roles: [...granted],
        agencyCode: person.agency as string,
        officerId: signedIn.officerId ?? null,
        personIndex: signedIn.personIndex ?? null,
        steppedUpAt: signedIn.steppedUpAt === undefined ? null : new Date(signedIn.steppedUpAt * 1000),
        lastSeenAt: now,
        expiresAt: new Date(now.getTime() + lifetime * 1000),
      }
      const before = req.staffSession
      const renewed = before?.sub === person.sub && (await renewSession(pool, hashOf(req), session))
      if (!renewed) {
        if (before) await deleteSession(pool, hashOf(req))
        await insertSession(pool, { ...session, csrf: randomBytes(24).toString('base64url') })
        await deleteExpiredSessions(pool, now)
      }
      res.cookie(cookieName, id, cookieOptions)
    },

    async close(req, res) {
      res.clearCookie(cookieName, cookieOptions)
      if (req.staffSession) await deleteSession(pool, hashOf(req))
    },

    async lock(req) {
      await lockSession(pool, hashOf(req), new Date(clock() * 1000))
    },

    async flash(req, flash) {
      if (req.staffSession) await setFlash(pool, hashOf(req), flash)
    },

    async takeFlash(req) {
      const flash = req.staffSession?.flash ?? null
      if (flash) await setFlash(pool, hashOf(req), null)
      return flash
    },
  }
}

function actorOf(row: SessionRow): Actor {
  return {
    kind: 'person',
    sub: row.sub,
    name: row.name,
    roles: new Set(roles.filter((role: Role) => row.roles.includes(role))),
    scopes: new Set(),
    agency: parseAgencyCode(row.agencyCode),
    sessionId: row.idHash.toString('hex'),
    ...(row.officerId === null ? {} : { officerId: row.officerId }),
    ...(row.personIndex === null ? {} : { personIndex: row.personIndex }),
    ...(row.steppedUpAt === null ? {} : { steppedUpAt: row.steppedUpAt.getTime() / 1000 }),
  }
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}

/** By Fetch Metadata, else by Origin; a client that sends neither is no browser that a foreign page could steer. */
function isFromOurSite(req: Request, ours: URL): boolean {
  const site = req.headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const origin = req.headers.origin
  return origin === undefined || origin === ours.origin || origin === `${ours.protocol}//${req.headers.host}`
}
