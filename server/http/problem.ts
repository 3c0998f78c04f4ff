import type { ErrorRequestHandler, RequestHandler, Response } from 'express'
import type { Logger } from 'pino'
import { ZodError } from 'zod'
import { AppError } from '../../core/errors.ts'
import { isDatabaseAway } from '../db/isDatabaseAway.ts'
import { forPrograms } from './forPrograms.ts'
import { problemStatus } from './problemStatus.ts'

/** Problem details (RFC 9457) with our `code`; `errors` names the fields that a schema refused. */
export interface Problem {
  type: string
  title: string
  status: number
  code: string
  detail: string
  requestId: string
  errors?: { path: string; message: string }[]
}

/** How an HTML error page is shown to a browser; absent in an app without pages. Where no page can be shown `next` is called, with an error or without. */
export type RenderProblem = (problem: Problem, ...args: Parameters<RequestHandler>) => void

/** Seconds. What is away comes back by itself or by an operator: a client may ask again soon. */
const retryAfter = '5'

/** The AppError that stands for anything thrown: ours, a schema's, the body parser's, a database's that is away; null for what nobody foresaw. */
export function appErrorOf(error: unknown): AppError | null {
  if (error instanceof AppError) return error
  // An address whose percent-encoding is broken names nothing.
  if (error instanceof URIError) return new AppError('http.not-found', undefined, { cause: error })
  if (error instanceof ZodError) return new AppError('http.invalid', 'Some fields are missing or not of the allowed form', { cause: error })
  const { status, type, code } = (error ?? {}) as { status?: number; type?: string; code?: unknown }
  // PostgreSQL's character_not_in_repertoire: a NUL in a text of the request.
  if (code === '22021') return new AppError('http.invalid', 'A text holds a character that cannot be stored', { cause: error })
  if (isDatabaseAway(error)) return new AppError('http.unavailable', undefined, { cause: error })
  if (status === 413) return new AppError('http.too-large')
  if (status === 415) return new AppError('http.media-type')
  if (type === 'request.aborted') return new AppError('http.invalid', 'The request was cut off')
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new AppError('http.invalid', 'The body or the address could not be read')
  return null
}

/** The last error handler: every error becomes application/problem+json, or a page for a browser that asks for HTML where programs have no business. */
export function problemHandler(logger: Logger, renderPage?: RenderProblem, publicUrl?: string): ErrorRequestHandler {
  return (error, req, res, _next) => {
    // Whoever went away in the middle of a body needs no answer, and nothing of ours has failed.
    if (error?.code === 'ECONNRESET' && req.destroyed && !req.complete) return void res.destroy()
    const known = appErrorOf(error)
    if (!known || problemStatus(known.code) >= 500) logger.error({ err: error, requestId: req.id }, 'request failed')
    if (res.headersSent) return void res.destroy(error instanceof Error ? error : undefined)
    const problem = problemOf(known ?? new AppError('internal'), String(req.id))
    if (problem.status === 401) res.set('WWW-Authenticate', challenge(req.headers.authorization !== undefined, publicUrl))
    if (problem.status === 503) res.set('Retry-After', retryAfter)
    if (renderPage && !forPrograms.test(req.path) && req.accepts(['json', 'html']) === 'html') {
      res.status(problem.status)
      return renderPage(problem, req, res, failure => {
        if (failure) logger.error({ err: failure, requestId: req.id }, 'the error page cannot be shown')
        sendProblem(res, problem)
      })
    }
    sendProblem(res, problem)
  }
}

function sendProblem(res: Response, problem: Problem): void {
  res.status(problem.status).set('Cache-Control', 'no-store').type('application/problem+json').send(JSON.stringify(problem))
}

/** RFC 6750, 3, and RFC 9728, 5.1: that the token is not good, and where to learn how to get one. */
function challenge(isGiven: boolean, publicUrl: string | undefined): string {
  const said = [
    ...(isGiven ? ['error="invalid_token"'] : []),
    ...(publicUrl === undefined ? [] : [`resource_metadata="${publicUrl}/.well-known/oauth-protected-resource"`]),
  ]
  return `Bearer ${said.join(', ')}`.trim()
}

/** What is answered for an error. */
export function problemOf(error: AppError, requestId: string): Problem {
  const status = problemStatus(error.code)
  const problem: Problem = {
    type: `urn:antin:error:${error.code}`,
    title: titleOf(status),
    status,
    code: error.code,
    detail: error.detail,
    requestId,
  }
  if (error.cause instanceof ZodError)
    problem.errors = error.cause.issues.map(issue => ({ path: issue.path.join('.'), message: issue.message }))
  return problem
}

function titleOf(status: number): string {
  const titles: Record<number, string> = {
    400: 'Bad request',
    401: 'Sign-in required',
    403: 'Not allowed',
    404: 'Not found',
    405: 'Method not allowed',
    408: 'Request timeout',
    409: 'Conflict',
    413: 'Too large',
    415: 'Unsupported media type',
    422: 'Cannot be processed',
    429: 'Too many requests',
    431: 'Request header fields too large',
    503: 'Not available now',
  }
  return titles[status] ?? 'Internal error'
}
