// One process of bench/http.ts: `antin` serves the app as it is composed, `bare` an express route that does one ES256 verify.
import { generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto'
import { createServer } from 'node:http'
import { Writable } from 'node:stream'
import express, { type RequestHandler } from 'express'
import { pino } from 'pino'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { buildApp } from '../../server/app.ts'
import { createPool } from '../../server/db/pool.ts'
import { verificationRoutes } from '../../server/http/routes/verifications.ts'
import type { Actor } from '../../server/staff/actor.ts'
import { createVerifier } from '../../server/verification/createVerifier.ts'
import { createServerPorts } from '../../server/verification/serverPorts.ts'

const [kind, portText] = process.argv.slice(2) as [string, string]
export const publicUrl = 'http://localhost:3000'
process.once('message', (world: SentWorld) => {
  const app = kind === 'antin' ? antin(world) : bare()
  createServer(app).listen({ port: Number(portText), host: '127.0.0.1', reusePort: true }, () => process.send!('ready'))
})
process.on('message', message => {
  if (message === 'memory') process.send!(process.memoryUsage().rss)
  if (message === 'cpu') process.send!(process.cpuUsage().user + process.cpuUsage().system)
})
process.on('disconnect', () => process.exit())

/** Public evidence by path, as texts, and the pin; the same for all processes. */
export interface SentWorld {
  trustRoot: string
  files: [string, string][]
  /** Counts what signed-in callers ask for. */
  databaseUrl: string
}

function antin({ trustRoot, files, databaseUrl }: SentWorld) {
  const clock = () => Math.floor(Date.now() / 1000)
  const evidence = new Map(files)
  const ports = createServerPorts({ readPublicFile: async path => evidence.get(path) ?? null })
  const verifier = createVerifier({ ports, trustRoot, publicUrl, clock })
  const next: RequestHandler = (_req, _res, done) => done()
  const client: Actor = {
    kind: 'client',
    sub: 'client:bench',
    name: 'bench',
    roles: new Set(),
    scopes: new Set(['verify:bulk']),
    agency: 'G09' as AgencyCode,
  }
  const authenticate: RequestHandler = (req, _res, done) => {
    req.actor = req.path.endsWith('/bulk') ? client : null
    done()
  }
  // Lines are made and thrown away: what a disk does with them is not the route's.
  const logger = pino({ level: 'info' }, new Writable({ write: (_chunk, _encoding, done) => done() }))
  const deps = { pool: createPool(databaseUrl, { max: 1 }), cipher: undefined as never, agencies: { inSubtree: () => false } }
  return buildApp({
    logger,
    publicUrl,
    trustProxy: false,
    formTargets: [],
    measureRequests: next,
    publicRoutes: [],
    authenticate,
    streamRoutes: [verificationRoutes({ ...deps, verifier, sealedByToken: async () => null, clock, requestsPerMinute: 1_000_000_000 })],
    idempotency: next,
    apiRoutes: [],
    pages: [],
  })
}

function bare() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const message = randomBytes(200)
  const signature = sign('sha256', message, privateKey)
  const app = express()
  app.use(express.json())
  app.post('/api/verifications', (_req, res) => {
    res.json({ valid: verify('sha256', message, publicKey, signature) })
  })
  return app
}
