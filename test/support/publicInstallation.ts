import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Express, RequestHandler } from 'express'
import { pino } from 'pino'
import { sealedUrl, shortUrl } from '../../core/credential/qr.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { buildApp } from '../../server/app.ts'
import { listCards } from '../../server/cards/cardsTable.ts'
import { type OpenedCard, openCard } from '../../server/cards/readCard.ts'
import { composePublic } from '../../server/composePublic.ts'
import { composeTasks } from '../../server/composeTasks.ts'
import { readConfig } from '../../server/config.ts'
import { freePort } from '../../server/db/freePort.ts'
import { loadAgencies, loadMinistry } from '../../server/demonstration/loadMinistry.ts'
import { listDiplomas } from '../../server/diplomas/diplomasTable.ts'
import { type OpenedDiploma, openDiploma } from '../../server/diplomas/readDiploma.ts'
import { statusListRoutes } from '../../server/http/routes/statusLists.ts'
import { trustRoutes } from '../../server/http/routes/trust.ts'
import { type Installation, logDescription, openInstallation } from '../../server/installation.ts'
import { migrateJobs, startWorker } from '../../server/jobs/worker.ts'
import { logRoutes } from '../../server/log/logRoutes.ts'
import { signCheckpoint } from '../../server/log/signCheckpoint.ts'
import { buildWeb } from '../../server/pages/buildWeb.ts'
import { publicFileReader } from '../../server/publicFile.ts'
import type { Actor, Role, Scope } from '../../server/staff/actor.ts'
import { createDemonstrationTrust } from '../../server/trust/demonstrationTrust.ts'
import { createVerifier, type Verifier } from '../../server/verification/createVerifier.ts'
import { createServerPorts } from '../../server/verification/serverPorts.ts'

/** The demonstration ministry on a test's own database, with the public side of the server listening; no chain, no identity provider. */
export interface PublicInstallation {
  installation: Installation
  app: Express
  origin: string
  trustRoot: string
  verifier: Verifier
  cards: { genuine: OpenedCard; revoked: OpenedCard; all: readonly OpenedCard[] }
  diplomas: readonly OpenedDiploma[]
  /** What a QR of the card holds. */
  sealedUrl(sealed: Uint8Array): string
  shortUrl(token: Uint8Array): string
  close(): Promise<void>
}

/** The header that says who asks, in place of a session: `actorHeader(actor)`. Only in tests. */
export const actorHeader = 'x-test-actor'

export function actorText(changes: {
  roles?: Role[]
  scopes?: Scope[]
  agency?: string
  kind?: 'person' | 'client'
  officerId?: string
  sub?: string
}): string {
  return JSON.stringify({ kind: 'person', sub: 'somebody', name: 'Test', agency: 'G09', roles: [], scopes: [], ...changes })
}

const readActor: RequestHandler = (req, _res, next) => {
  const text = req.get(actorHeader)
  const given = text && (JSON.parse(text) as Omit<Actor, 'roles' | 'scopes'> & { roles: Role[]; scopes: Scope[] })
  req.actor = given ? { ...given, agency: given.agency as AgencyCode, roles: new Set(given.roles), scopes: new Set(given.scopes) } : null
  next()
}

export async function openPublicInstallation(databaseUrl: string, environment: Record<string, string> = {}): Promise<PublicInstallation> {
  const home = mkdtempSync(join(tmpdir(), 'antin-public-'))
  const port = await freePort()
  const origin = environment.PUBLIC_URL ?? `http://localhost:${port}`
  const logger = pino({ level: 'silent' })
  const config = readConfig({
    ANTIN_HOME: home,
    PORT: String(port),
    PUBLIC_URL: origin,
    DATABASE_URL: databaseUrl,
    DATABASE_POOL: '8',
    CHAIN: 'none',
    KEY_WAIT_HOURS: '0',
    WEBHOOK_ALLOW_PRIVATE: 'true',
    ...environment,
  })
  const installation = await openInstallation(config, logger, { makeSecrets: true })
  const { pool, cipher } = installation
  await migrateJobs(pool)
  const { tasks } = composeTasks(installation)
  const worker = await startWorker({ pool, logger, tasks, crontab: '' })
  await loadAgencies(installation)
  const { pin } = await createDemonstrationTrust({
    ...installation,
    home,
    publicUrl: origin,
    network: async () => ({ logs: [logDescription(installation, 1_500_000_000)], anchors: [], witnesses: [], quorum: 0 }),
    agencies: [{ code: 'G09' as AgencyCode }],
  })
  await loadMinistry(installation, () => undefined)
  await signCheckpoint(installation)

  const verifier = createVerifier({
    ports: createServerPorts({ readPublicFile: publicFileReader(installation) }),
    trustRoot: pin,
    publicUrl: origin,
    clock: installation.clock,
  })
  const assets = await buildWeb()
  const parts = await composePublic(installation, { assets, verifier, trustRoot: pin, demonstration: true })
  const app = buildApp({
    logger,
    publicUrl: origin,
    trustProxy: false,
    formTargets: [],
    measureRequests: (_req, _res, next) => next(),
    publicRoutes: [
      trustRoutes({ pool }),
      statusListRoutes({ pool, statusLists: installation.statusLists, publicUrl: origin }),
      logRoutes(installation),
      ...parts.publicRoutes,
    ],
    authenticate: readActor,
    streamRoutes: parts.streamRoutes,
    idempotency: parts.idempotency,
    apiRoutes: parts.apiRoutes,
    pages: parts.pages,
  })
  const server: Server = createServer(app)
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  const rows = await listCards(pool, { agencyIn: null, limit: 500 })
  const cards = rows.map(row => openCard(cipher, row))
  const diplomas = (await listDiplomas(pool, { agencyIn: null, limit: 500 })).map(row => openDiploma(cipher, row))
  return {
    installation,
    app,
    origin,
    trustRoot: pin,
    verifier,
    cards: { genuine: cards.find(card => card.endedAs === null)!, revoked: cards.find(card => card.endedAs !== null)!, all: cards },
    diplomas,
    sealedUrl: sealed => sealedUrl(origin, sealed),
    shortUrl: token => shortUrl(origin, token),
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await worker.stop()
      await installation.close()
      rmSync(home, { recursive: true, force: true })
    },
  }
}
