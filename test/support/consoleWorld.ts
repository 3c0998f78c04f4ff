import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import express, { type Express, type RequestHandler } from 'express'
import type pg from 'pg'
import { pino } from 'pino'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { type AgencyTree, loadAgencyTree } from '../../server/agencies/agencyTree.ts'
import { problemHandler } from '../../server/http/problem.ts'
import type { FieldCipher } from '../../server/keys/fieldCipher.ts'
import { type KeyStore, keyStore } from '../../server/keys/keyStore.ts'
import { type ConsoleDeps, consolePages } from '../../server/pages/console/index.ts'
import { problemPage } from '../../server/pages/console/problemPage.ts'
import type { DeclaredRoute } from '../../server/pages/console/routes.ts'
import { pageShell } from '../../server/pages/render.ts'
import { loadTemplate, templatesFolder } from '../../server/printing/render/template.ts'
import type { Actor } from '../../server/staff/actor.ts'
import { type ClaimMapping, personOfClaims } from '../../server/staff/claims.ts'
import type { IdentityProvider } from '../../server/staff/identityProvider.ts'
import { createSessions, type Sessions } from '../../server/staff/sessions.ts'

export const claimMapping = { name: 'name', roles: 'roles', agency: 'agency', officer: 'officer' }
const defaultUrl = 'http://localhost:3999'

export interface ConsoleWorld {
  app: Express
  declared: readonly DeclaredRoute[]
  sessions: Sessions
  tree: AgencyTree
  deps: ConsoleDeps
}

/** Names that pages ask of the asset build, without building. */
const assets = new Proxy({}, { get: (_target, name) => `test-${String(name)}` }) as Readonly<Record<string, string>>

/**
 * The console over a database, without the rest of the server. Who acts is said by `authenticate`, by default the header
 * `x-actor` (JSON) with the form token `token`.
 */
export async function makeConsole(
  options: {
    pool: pg.Pool
    cipher: FieldCipher
    clock?: () => number
    identityProvider?: IdentityProvider
    findPerson?: ConsoleDeps['findPerson']
    publicUrl?: string
    claims?: ClaimMapping
    store?: KeyStore
    signers?: ConsoleDeps['signers']
    /** A folder of templates. */
    templates?: string
  },
  authenticate?: (sessions: Sessions) => RequestHandler,
): Promise<ConsoleWorld> {
  const { pool, cipher, publicUrl = defaultUrl } = options
  const clock = options.clock ?? (() => Math.floor(Date.now() / 1000))
  const tree = await loadAgencyTree(pool)
  const sessions = createSessions({ pool, publicUrl, clock })
  const deps: ConsoleDeps = {
    pool,
    cipher,
    clock,
    tree,
    agencies: tree,
    origin: publicUrl,
    demonstration: true,
    template: name => loadTemplate(join(fileURLToPath(templatesFolder), name)),
    proofFor: async () => null,
    signers: options.signers ?? { signerFor: async () => Promise.reject(new AppError('key.none')) },
    sessions,
    publicUrl,
    identityProvider: options.identityProvider ?? ({} as IdentityProvider),
    personOfClaims: claims => personOfClaims(claims, options.claims ?? claimMapping),
    findPerson: options.findPerson ?? (async () => undefined),
    logState: async () => ({ treeSize: 0, anchor: null, anchoring: false }),
    termYears: 5,
    legalBasis: 'QĐ thử nghiệm',
    isRestricted: () => false,
    store: options.store ?? keyStore({ dir: '/nowhere', passphrase: 'unused' }),
    keyWaitSeconds: 86_400,
    allowPrivate: false,
    templatesFolder: options.templates ?? fileURLToPath(templatesFolder),
    logOrigin: 'localhost:3999/log',
  }
  const pages = consolePages(deps)
  const app = express()
  app.set('query parser', 'simple')
  const shell = pageShell({ assets })
  app.use(shell)
  app.use(authenticate?.(sessions) ?? actorOfHeader)
  app.use(pages)
  app.use(problemHandler(pino({ level: 'silent' }), problemPage({ pool, cipher, clock, shell })))
  return { app, declared: pages.declared, sessions, tree, deps }
}

const actorOfHeader: RequestHandler = (req, _res, next) => {
  const given = req.headers['x-actor']
  req.actor = null
  if (typeof given === 'string') {
    const actor = JSON.parse(given) as Omit<Actor, 'roles' | 'scopes'> & {
      roles: Actor['roles'] extends ReadonlySet<infer R> ? R[] : never
    }
    req.actor = { ...actor, agency: actor.agency as AgencyCode, roles: new Set(actor.roles), scopes: new Set() }
    req.staffSession = {
      id: '00'.repeat(32),
      sub: actor.sub,
      name: actor.name,
      csrf: 'token',
      locked: false,
      idleSeconds: 900,
      flash: null,
    }
  }
  next()
}

/** The header that `makeConsole` reads. */
export function asActor(role: string, agency: string, more: Partial<Actor> = {}): Record<string, string> {
  return { 'x-actor': JSON.stringify({ kind: 'person', sub: `${role}-${agency}`, name: role, roles: [role], agency, ...more }) }
}
