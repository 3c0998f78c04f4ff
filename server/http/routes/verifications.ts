import { once } from 'node:events'
import { type Request, type Response, Router } from 'express'
import type { Pool } from 'pg'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import { type AgencyCode, isAgencyCode } from '../../../core/identity/agencyCode.ts'
import { liveThumbprint } from '../../../core/live/judgeLive.ts'
import { sdJwtText } from '../../../core/sd-jwt/sdJwtText.ts'
import type { Report, SdJwtReport } from '../../../core/verification/report.ts'
import type { AgencyTree } from '../../agencies/agencyTree.ts'
import { recordAudit } from '../../audit/auditTable.ts'
import type { FieldCipher } from '../../keys/fieldCipher.ts'
import { nodeCrypto } from '../../keys/nodeCrypto.ts'
import type { Actor } from '../../staff/actor.ts'
import { authorize, holds } from '../../staff/authorize.ts'
import { addressKey } from '../../verification/addressKey.ts'
import { readTypedDate } from '../../verification/compareFields.ts'
import type { Verifier } from '../../verification/createVerifier.ts'
import { evenTiming } from '../../verification/evenTiming.ts'
import type { FileVerifier } from '../../verification/fileVerifier.ts'
import { type LookUp, lookUpDiploma } from '../../verification/lookUpDiploma.ts'
import { readLines } from '../../verification/readLines.ts'
import { readGivenCredential, readToken } from '../../verification/verifyRequest.ts'
import { readMultipart } from '../multipart.ts'
import { appErrorOf } from '../problem.ts'
import { problems } from '../problemResponses.ts'
import { limitRequests } from '../rateLimits.ts'
import { readJson } from '../readJson.ts'
import { registeredDiplomas } from '../registeredDiplomas.ts'
import { reportSchema } from '../reportSchema.ts'
import type { SealedByToken } from '../sealedByToken.ts'
import { sendJson } from '../sendJson.ts'
import { sha256Hex } from '../sha256Hex.ts'

export interface VerificationRoutesDeps {
  pool: Pool
  cipher: FieldCipher
  verifier: Verifier
  sealedByToken: SealedByToken
  /** Whether a phone's key (thumbprint, 32 bytes) is bound to a card now. */
  isBound?: (thumbprint: Uint8Array) => Promise<boolean>
  /** Reads a file for a seal, a QR or a registered digest; without it files are refused. */
  verifyFile?: FileVerifier
  agencies: Pick<AgencyTree, 'inSubtree'>
  /** Origin of PUBLIC_URL. */
  publicUrl: string
  /** Seconds. */
  clock: () => number
  /** Requests a minute and address; signed-in callers have ten times as many. */
  requestsPerMinute?: number
}

const typedDate = z
  .string()
  .max(20)
  .transform((value, context) => {
    const date = readTypedDate(value)
    if (date === null) context.addIssue({ code: 'custom', message: 'Not a date: 31/03/1990, 1990-03-31, 03/1990 or 1990' })
    return date ?? z.NEVER
  })

const policy = z.enum(['standard', 'strict']).default('standard')
const shortText = z.string().trim().normalize('NFC').min(1).max(200)

/** What is to be verified: exactly one of credential, token, documentSha256 alone, or the three typed fields. */
export const verificationBody = z
  .strictObject({
    credential: z
      .string()
      .min(1)
      .max(20_000)
      .optional()
      .describe('The text of a QR code, a sealed credential in base64url, or an SD-JWT VC as a wallet presents it'),
    binding: z
      .strictObject({ aud: z.string().min(1).max(500), nonce: z.string().min(1).max(200) })
      .optional()
      .describe('Of an SD-JWT VC: what its KB-JWT has to answer; without it holder binding is not asked for'),
    token: z.string().max(64).optional().describe('What follows /t/ in a short QR'),
    documentSha256: sha256Hex.optional().describe('Of the file that came with the credential; alone: of a registered file'),
    agency: z.string().refine(isAgencyCode, 'Not an agency code').optional(),
    soHieu: z.string().trim().min(1).max(40).optional(),
    ngaySinh: typedDate
      .optional()
      .describe('31/03/1990, 1990-03-31, 03/1990 or 1990')
      .meta({ override: { type: 'string' } }),
    holderName: shortText.optional(),
    awarded: typedDate.optional().meta({ override: { type: 'string' } }),
    title: shortText.optional(),
    classification: shortText.optional(),
    policy,
  })
  .refine(body => waysOf(body) === 1, 'Give exactly one of credential, token, documentSha256, or agency with soHieu and ngaySinh')
  .meta({ id: 'VerificationRequest' })

export type VerificationBody = z.infer<typeof verificationBody>

function waysOf(body: {
  credential?: unknown
  token?: unknown
  documentSha256?: unknown
  agency?: unknown
  soHieu?: unknown
  ngaySinh?: unknown
}): number {
  const isTyped = body.agency !== undefined && body.soHieu !== undefined && body.ngaySinh !== undefined
  const ways = [body.credential !== undefined, body.token !== undefined, isTyped].filter(Boolean).length
  return ways === 0 && body.documentSha256 !== undefined ? 1 : ways
}

export type VerificationAnswer = Report & {
  live?: 'live' | 'stale' | 'wrong' | 'ended' | 'unknown'
  lookup?: Pick<LookUp, 'outcome' | 'fields' | 'decision'>
  successor?: Report | null
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
    if (!req.is(['application/x-ndjson', 'application/jsonl'])) throw new AppError('http.media-type')
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

/**
 * A function that answers one parsed request. `address` is whose misses are counted; signed-in checkers who may see full data get it,
 * recorded. Throws `token.not-found`, `verification.not-found`, `limit.lookups`.
 */
export function createVerificationAnswer(deps: VerificationRoutesDeps) {
  const { pool, cipher, clock } = deps
  const { verify, judgeLive } = deps.verifier
  const registered = registeredDiplomas(pool, cipher)
  return async (body: VerificationBody, actor: Actor | null, address: string | undefined): Promise<VerificationAnswer> => {
    const document = body.documentSha256 === undefined ? undefined : { sha256: Buffer.from(body.documentSha256, 'hex') }
    if (body.credential !== undefined) {
      const given = readGivenCredential(body.credential)
      if (given.kind === 'token') return byToken(given.token, body, address)
      const report = await verify({ sealed: given.sealed, document }, body.policy)
      return given.live && report.credential ? { ...report, live: await liveOf(given.live) } : report
    }
    if (body.token !== undefined) {
      const token = readToken(body.token)
      if (!token) throw new AppError('token.not-found')
      return byToken(token, body, address)
    }
    if (body.agency !== undefined && body.soHieu !== undefined) return byNumber(body, actor, address)
    const found = await registered.byDocument(document!.sha256)
    if (!found) throw new AppError('verification.not-found')
    return verify({ sealed: found.sealed, document }, body.policy)
  }

  async function byToken(token: Uint8Array, { policy }: VerificationBody, address: string | undefined): Promise<VerificationAnswer> {
    const sealed = await deps.sealedByToken(token, address)
    if (!sealed) throw new AppError('token.not-found')
    return verify({ sealed }, policy)
  }

  async function byNumber(body: VerificationBody, actor: Actor | null, address: string | undefined): Promise<VerificationAnswer> {
    const isChecker = holds(actor, 'verify.full')
    const typed = { ...body, agency: body.agency!, soHieu: body.soHieu!, ngaySinh: body.ngaySinh! }
    const lookUpDeps = { pool, cipher, verify, clock, diplomasByNumber: registered.byNumber, diplomaByRef: registered.byRef }
    const found = await lookUpDiploma(lookUpDeps, typed, isChecker ? undefined : addressKey(address))
    if (isChecker) await record(actor!, found)
    if (!found) throw new AppError('verification.not-found')
    const { outcome, fields, decision, report, successor } = found
    const lookup = { outcome, fields, decision }
    return isChecker ? { ...report, lookup, successor } : { ...report, credential: null, lookup }
  }

  function record(actor: Actor, found: LookUp | null): Promise<void> {
    return recordAudit(pool, {
      actor,
      action: found ? 'diploma.looked-up' : 'diploma.looked-up-in-vain',
      agency: actor.agency as AgencyCode,
      subject: found?.report.credential ? `diploma:${found.report.credential.ref}` : undefined,
    })
  }

  async function liveOf(bytes: Uint8Array): Promise<NonNullable<VerificationAnswer['live']>> {
    const { kind } = await judgeLive(bytes)
    if (kind !== 'live' || !deps.isBound) return kind
    const thumbprint = await liveThumbprint(bytes, nodeCrypto)
    return thumbprint && (await deps.isBound(thumbprint)) ? 'live' : 'ended'
  }
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
