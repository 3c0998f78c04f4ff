import { once } from 'node:events'
import { type Request, type Response, Router } from 'express'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import { sdJwtText } from '../../../core/sd-jwt/sdJwtText.ts'
import type { SdJwtReport } from '../../../core/verification/report.ts'
import type { AgencyTree } from '../../agencies/agencyTree.ts'
import type { Actor } from '../../staff/actor.ts'
import { authorize } from '../../staff/authorize.ts'
import { evenTiming } from '../../verification/evenTiming.ts'
import type { FileVerifier } from '../../verification/fileVerifier.ts'
import { readLines } from '../../verification/readLines.ts'
import { createVerificationAnswer, type VerificationAnswer, type VerificationAnswerDeps } from '../createVerificationAnswer.ts'
import { readMultipart } from '../multipart.ts'
import { appErrorOf } from '../problem.ts'
import { problems } from '../problemResponses.ts'
import { limitRequests } from '../rateLimits.ts'
import { readJson } from '../readJson.ts'
import { reportSchema } from '../reportSchema.ts'
import { sendJson } from '../sendJson.ts'
import { policy, type VerificationBody, verificationBody } from '../verificationBody.ts'

export interface VerificationRoutesDeps extends VerificationAnswerDeps {
  /** Reads a file for a seal, a QR or a registered digest; without it files are refused. */
  verifyFile?: FileVerifier
  agencies: Pick<AgencyTree, 'inSubtree'>
  /** Requests a minute and address; signed-in callers have ten times as many. */
  requestsPerMinute?: number
}

const maxFile = 30 * 1024 * 1024
const bulkAtOnce = 64

/** `POST /api/verifications` for anyone, one body or a file; `POST /api/verifications/bulk` for clients, NDJSON both ways. Reads its own bodies. */
export function verificationRoutes(deps: VerificationRoutesDeps): Router {
  const router = Router()
  const answer = createVerificationAnswer(deps)
  const perMinute = deps.requestsPerMinute ?? 120
  const limit = limitRequests({ pool: deps.pool, name: 'verifications', limit: perMinute, clientLimit: perMinute * 10, seconds: 60 })
  // Calls, not lines: a call may be long, and the client's own reading holds it back.
  const bulkLimit = limitRequests({ pool: deps.pool, name: 'bulk', limit: Math.ceil(perMinute / 2), seconds: 60 })

  router.post('/api/verifications', limit, readJson(65_536), async (req, res) => {
    res.setHeader('Cache-Control', 'no-store')
    if (req.body === undefined) {
      if (!req.is('multipart/form-data')) throw new AppError('http.media-type')
      return sendJson(res, await answerFile(req))
    }
    const body = verificationBody.parse(req.body)
    const isTyped = body.soHieu !== undefined
    sendJson(res, isTyped ? await evenTiming(() => answer(body, req.actor, req.ip)) : await answerGiven(body, req.actor, req.ip))
  })

  router.post('/api/verifications/bulk', bulkLimit, async (req, res) => {
    authorize(req.actor, 'verify.bulk', undefined, deps.agencies)
    const { 'content-encoding': encoding = 'identity' } = req.headers
    if (!req.is(['application/x-ndjson', 'application/jsonl']) || encoding !== 'identity') throw new AppError('http.media-type')
    await answerLines(req, res, req.actor)
  })

  return router

  async function answerGiven(body: VerificationBody, actor: Actor | null, address?: string): Promise<VerificationAnswer | SdJwtReport> {
    const text = body.credential === undefined ? undefined : sdJwtText(body.credential)
    if (text === undefined) return answer(body, actor, address)
    const document = body.documentSha256 === undefined ? undefined : { sha256: Buffer.from(body.documentSha256, 'hex') }
    return deps.verifier.verifySdJwt({ text, document, binding: body.binding }, body.policy)
  }

  async function answerFile(req: Request): Promise<VerificationAnswer | SdJwtReport> {
    if (!deps.verifyFile) throw new AppError('http.media-type')
    const form = await readMultipart(req, { fileBytes: maxFile, files: 1 })
    try {
      const [file] = [...form.files.values()].flat()
      if (!file) throw new AppError('http.invalid', 'A file is needed')
      const asked = policy.parse(form.fields.get('policy'))
      const bytes = await file.read()
      const text = sdJwtText(bytes)
      if (text !== undefined) return await deps.verifier.verifySdJwt({ text }, asked)
      const report = await deps.verifyFile(bytes, asked)
      if (!report) throw new AppError('verification.not-found')
      return report
    } finally {
      await form.discard()
    }
  }

  /** Reads no more lines than it can answer: each part of the input waits until the output has drained. */
  async function answerLines(req: Request, res: Response, actor: Actor): Promise<void> {
    res.status(200).type('application/x-ndjson').set('Cache-Control', 'no-store')
    const gone = new AbortController()
    res.once('close', () => gone.abort())
    let waiting: Promise<string>[] = []
    const flush = async () => {
      const lines = await Promise.all(waiting)
      waiting = []
      if (lines.length > 0 && !res.write(lines.join(''))) await once(res, 'drain', { signal: gone.signal }).catch(() => undefined)
    }
    let number = 0
    for await (const line of readLines(req, 32_768)) {
      if (gone.signal.aborted) return
      waiting.push(answerLine(++number, line, actor))
      if (waiting.length >= bulkAtOnce) await flush()
    }
    await flush()
    res.end()
  }

  async function answerLine(number: number, line: string | null, actor: Actor): Promise<string> {
    let id: unknown
    try {
      if (line === null) throw new AppError('http.too-large', 'A line holds at most 32 KiB')
      const { id: given, ...body } = parseLine(line)
      id = typeof given === 'string' || typeof given === 'number' ? given : undefined
      const report = await answerGiven(verificationBody.parse(body), actor)
      return `${JSON.stringify({ line: number, id, report })}\n`
    } catch (error) {
      const known = error instanceof z.ZodError ? invalidLine(error) : (appErrorOf(error) ?? new AppError('internal'))
      return `${JSON.stringify({ line: number, id, error: { code: known.code, detail: known.detail } })}\n`
    }
  }
}

function parseLine(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // said below
  }
  throw new AppError('http.invalid', 'Not a JSON object')
}

function invalidLine(error: z.ZodError): AppError {
  return new AppError(
    'http.invalid',
    error.issues
      .map(issue => `${issue.path.join('.')}: ${issue.message}`.replace(/^: /, ''))
      .join('; ')
      .slice(0, 500),
  )
}

const json = <T>(schema: T) => ({ 'application/json': { schema } })

export const verificationsPaths = {
  '/api/verifications': {
    post: {
      summary: 'Verify a card or diploma: credential, short QR, file digest, typed numbers, or a file',
      description:
        'Hostile bytes give an invalid report, never an error. Typed numbers say only which fields match, unless the caller may see full data.',
      security: [],
      requestBody: {
        required: true,
        content: {
          ...json(verificationBody),
          'multipart/form-data': {
            schema: z.object({ file: z.string().meta({ format: 'binary' }), policy: z.enum(['standard', 'strict']).optional() }),
          },
        },
      },
      responses: { 200: { description: 'The report', content: json(reportSchema) }, ...problems(404, 429) },
    },
  },
  '/api/verifications/bulk': {
    post: {
      summary: 'Verify any number, one JSON object a line, answered in order while they are sent',
      requestBody: { required: true, content: { 'application/x-ndjson': { schema: verificationBody } } },
      responses: {
        200: {
          description: 'One line for each line that is not empty: line, id as given, and report or error',
          content: {
            'application/x-ndjson': {
              schema: z.object({
                line: z.int(),
                id: z.union([z.string(), z.number()]).optional(),
                report: reportSchema.optional(),
                error: z.object({ code: z.string(), detail: z.string() }).optional(),
              }),
            },
          },
        },
        ...problems(401, 403, 415, 429),
      },
    },
  },
}
