import { randomUUID } from 'node:crypto'
import express, { type Request, type RequestHandler, type Response, Router } from 'express'
import helmet from 'helmet'
import type { Logger } from 'pino'
import { AppError } from '../core/errors.ts'
import { problemHandler, type RenderProblem } from './http/problem.ts'
import { readJson } from './http/readJson.ts'

declare module 'express-serve-static-core' {
  interface Request {
    /** Of this request, in the log and in every problem document. */
    id: string
  }
}

/** What the app is made of. Routers are mounted in the order given; `main.ts` fills them. */
export interface AppDeps {
  logger: Logger
  publicUrl: string
  trustProxy: boolean | number | string
  /** Origins, beside our own, that a form may lead to (the identity provider's sign-out). */
  formTargets: readonly string[]
  measureRequests: RequestHandler
  /** Public evidence and health: no session, no cookies. */
  publicRoutes: readonly Router[]
  /** Sets req.actor. */
  authenticate: RequestHandler
  /** Right after the JSON body is read, before every route below /api. */
  idempotency: RequestHandler
  /** Routes under /api that need the JSON body read. */
  apiRoutes: readonly Router[]
  /** Routes that read their body themselves (multipart, NDJSON). */
  streamRoutes: readonly Router[]
  pages: readonly Router[]
  renderProblem?: RenderProblem
}

/** The Express app; it does not listen. */
export function buildApp(deps: AppDeps): express.Express {
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', deps.trustProxy)
  app.set('query parser', 'simple')
  app.set('etag', false)
  app.use(identifyAndLog(deps.logger))
  app.use(deps.measureRequests)
  app.use(securityHeaders(deps))
  app.use(forgetAnyTag)
  const publicRouter = Router()
  for (const router of deps.publicRoutes) publicRouter.use(router)
  // Nothing public is below /api: what is called there most passes by thirty routes.
  app.use((req, res, next) => (req.url.startsWith('/api/') ? next() : publicRouter(req, res, next)))
  app.use(deps.authenticate)
  for (const router of deps.streamRoutes) app.use(router)
  app.use('/api', noStore, readBodyIfAny, deps.idempotency)
  for (const router of [...deps.apiRoutes, ...deps.pages]) app.use(router)
  app.use(() => {
    throw new AppError('http.not-found')
  })
  app.use(problemHandler(deps.logger, deps.renderProblem, deps.publicUrl))
  return app
}

/** `If-None-Match: *` asks nothing of a GET: whatever is there is answered. */
const forgetAnyTag: RequestHandler = (req, _res, next) => {
  if (req.headers['if-none-match'] === '*') delete req.headers['if-none-match']
  next()
}

const readBody = readJson(1_048_576)

/** The body of what may have one: a GET is never refused for what it carries. */
const readBodyIfAny: RequestHandler = (req, res, next) =>
  req.method === 'POST' || req.method === 'PUT' ? readBody(req, res, next) : next()

const noStore: RequestHandler = (_req, res, next) => {
  res.set('Cache-Control', 'no-store')
  next()
}

/** One line a request: method, the route's pattern (never the path, which can hold a token), status, time. */
function identifyAndLog(logger: Logger): RequestHandler {
  return (req, res, next) => {
    req.id = randomUUID()
    res.set('X-Request-Id', req.id)
    const start = performance.now()
    res.once('close', () => {
      const route = req.route?.path ? `${req.baseUrl}${String(req.route.path)}` : '(none)'
      logger.info(
        {
          requestId: req.id,
          method: req.method,
          route,
          status: res.statusCode,
          ms: Math.round(performance.now() - start),
          aborted: !res.writableFinished || undefined,
        },
        'request',
      )
    })
    next()
  }
}

/** Helmet's headers are the same for every request: they are asked for once. */
function securityHeaders(deps: AppDeps): RequestHandler {
  const secure = deps.publicUrl.startsWith('https:')
  const headers = new Map<string, string>()
  const collect = { setHeader: (name: string, value: string) => headers.set(name, value), removeHeader: () => {} }
  helmetOf(deps, secure)({} as Request, collect as unknown as Response, error => {
    if (error) throw error
  })
  return (_req, res, next) => {
    for (const [name, value] of headers) res.setHeader(name, value)
    next()
  }
}

function helmetOf(deps: AppDeps, secure: boolean) {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        mediaSrc: ["'self'", 'blob:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        workerSrc: ["'self'"],
        formAction: ["'self'", ...deps.formTargets],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        ...(secure ? { upgradeInsecureRequests: [] } : {}),
      },
    },
    crossOriginResourcePolicy: false, // public evidence is for every origin; each route says so itself
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: secure ? { maxAge: 31_536_000, includeSubDomains: true } : false,
  })
}
