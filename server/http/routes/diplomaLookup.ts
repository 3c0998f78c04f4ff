import { Router } from 'express'
import { z } from 'zod'
import { refOf } from '../../../core/credential/ref.ts'
import { readSealed } from '../../../core/credential/sealed.ts'
import { decodeBase64url, encodeBase64url } from '../../../core/encoding/base64url.ts'
import { equalBytes } from '../../../core/encoding/bytes.ts'
import { AppError } from '../../../core/errors.ts'
import type { Receipt } from '../../../core/log/receipt.ts'
import { nodeCrypto } from '../../keys/nodeCrypto.ts'
import { evenTiming } from '../../verification/evenTiming.ts'
import { readGivenCredential } from '../../verification/verifyRequest.ts'
import { createVerificationAnswer, type VerificationAnswerDeps } from '../createVerificationAnswer.ts'
import { problems } from '../problemResponses.ts'
import { limitRequests } from '../rateLimits.ts'
import { readJson } from '../readJson.ts'
import { receiptSchema } from '../receiptSchema.ts'
import { registeredDiplomas } from '../registeredDiplomas.ts'
import { lookUpSchema } from '../reportSchema.ts'
import { sha256Hex } from '../sha256Hex.ts'
import { verificationBody } from '../verificationBody.ts'

export interface DiplomaLookupRoutesDeps extends VerificationAnswerDeps {
  /** Requests a minute and address; signed-in callers have ten times as many. */
  requestsPerMinute?: number
  /** The receipt (formats 7) of a ref, or null. */
  proofFor: (ref: Uint8Array) => Promise<Receipt | null>
}

const ref = z.string().regex(/^[\w-]{21}[AQgw]$/)
const successorBody = z.object({ credential: z.string().max(20_000).describe('As in POST /api/verifications') })
const end = {
  endedAs: z.enum(['ended', 'replaced', 'error', 'corrected']).nullable().optional(),
  decision: z.string().nullable().optional().describe('Number and date'),
  successor: z.string().optional().describe('The credential that took its place'),
}
const lookUpBody = z
  .object({
    agency: z.string().max(35),
    soHieu: z.string().max(40),
    ngaySinh: z.string().max(20),
    holderName: z.string().max(200).optional(),
    awarded: z.string().max(20).optional(),
    title: z.string().max(200).optional(),
    classification: z.string().max(200).optional(),
  })
  .meta({ id: 'LookUpRequest' })

/** What a verifier of diplomas needs beside the public evidence: by the digest of a file, by a ref, by typed numbers. */
export function diplomaLookupRoutes(deps: DiplomaLookupRoutesDeps): Router {
  const router = Router()
  const registered = registeredDiplomas(deps.pool, deps.cipher)
  const answer = createVerificationAnswer(deps)
  const perMinute = deps.requestsPerMinute ?? 120
  const limit = limitRequests({ pool: deps.pool, name: 'diplomas', limit: perMinute, clientLimit: perMinute * 10, seconds: 60 })

  // Digests and refs cannot be guessed: a clerk's folder of some hundred files may be asked for at once.
  const byDigest = limitRequests({ pool: deps.pool, name: 'documents', limit: perMinute * 5, clientLimit: perMinute * 10, seconds: 60 })

  // Whoever can name the digest has the file, and with it all that the credential says.
  router.get('/api/diplomas/by-document/:digest', byDigest, async (req, res) => {
    const found = await registered.byDocument(Buffer.from(sha256Hex.parse(req.params.digest), 'hex'))
    if (!found) throw new AppError('verification.not-found')
    res.set({ 'Cache-Control': 'no-store', 'Access-Control-Allow-Origin': '*' })
    res.json({
      ref: encodeBase64url(found.ref),
      credential: encodeBase64url(found.sealed),
      receipt: await deps.proofFor(found.ref),
      ...(await endOf(found)),
    })
  })

  router.get('/api/diplomas/:ref/receipt', byDigest, async (req, res) => {
    const { success, data } = ref.safeParse(req.params.ref)
    const receipt = success ? await deps.proofFor(decodeBase64url(data)) : null
    if (!receipt) throw new AppError('diploma.not-found')
    res.set({ 'Cache-Control': 'public, max-age=10', 'Access-Control-Allow-Origin': '*' })
    res.attachment(`bien-nhan-${data}.json`).json(receipt)
  })

  router.post('/api/diplomas/lookup', limit, readJson(16_384), async (req, res) => {
    res.set('Cache-Control', 'no-store')
    const body = verificationBody.parse(lookUpBody.strict().parse(req.body))
    const { lookup, ...report } = await evenTiming(() => answer(body, req.actor, req.ip))
    res.json({ ...lookup, report: report.credential ? report : null })
  })

  // Whoever has the credential may know what took its place.
  router.post('/api/diplomas/successor', byDigest, readJson(32_768), async (req, res) => {
    res.set('Cache-Control', 'no-store')
    const { credential } = successorBody.parse(req.body)
    const found = await bySealed(credential)
    if (!found) throw new AppError('verification.not-found')
    res.json({ endedAs: found.endedAs, decision: found.decision, ...(await endOf(found)) })
  })

  return router

  /** The registered diploma that is byte for byte this one. */
  async function bySealed(text: string) {
    const given = readGivenCredential(text)
    if (given.kind !== 'sealed') return null
    try {
      const sealed = readSealed(given.sealed)
      const found = await registered.byRef(await refOf(sealed.claims.cti, nodeCrypto))
      // The signature is malleable, the payload is not.
      return found && equalBytes(readSealed(found.sealed).payload, sealed.payload) ? found : null
    } catch (error) {
      if (error instanceof AppError) return null
      throw error
    }
  }

  /** How a registered diploma ended and what took its place, for those who have its file. */
  async function endOf({
    endedAs,
    decision,
    successor,
  }: {
    endedAs: string | null
    decision: string | null
    successor: Uint8Array | null
  }) {
    if (endedAs === null) return {}
    const next = successor && (await registered.byRef(successor))
    return { endedAs, decision, ...(next ? { successor: encodeBase64url(next.sealed) } : {}) }
  }
}

const json = <T>(schema: T) => ({ 'application/json': { schema } })

export const diplomaLookupPaths = {
  '/api/diplomas/by-document/{digest}': {
    get: {
      summary: 'The credential and receipt of a registered file',
      security: [],
      requestParams: { path: z.object({ digest: sha256Hex.describe('SHA-256 in hex') }) },
      responses: {
        200: {
          description: 'The credential, to be verified by the caller',
          content: json(
            z.object({
              ref,
              credential: z.string().describe('Sealed, base64url'),
              receipt: receiptSchema.nullable().describe('Null until the entry is under a checkpoint'),
              ...end,
            }),
          ),
        },
        ...problems(400, 404, 429),
      },
    },
  },
  '/api/diplomas/{ref}/receipt': {
    get: {
      summary: 'The receipt of a registration in the public log',
      security: [],
      requestParams: { path: z.object({ ref }) },
      responses: { 200: { description: 'Receipt (formats 7)', content: json(receiptSchema) }, ...problems(404, 429) },
    },
  },
  '/api/diplomas/successor': {
    post: {
      summary: 'How a diploma ended, and the credential that took its place, for who has the diploma',
      security: [],
      requestBody: { required: true, content: json(successorBody) },
      responses: { 200: { description: 'As registered', content: json(z.object(end)) }, ...problems(404, 429) },
    },
  },
  '/api/diplomas/lookup': {
    post: {
      summary: 'Look a diploma up by issuer, number and birth date; says which fields match',
      description: 'One answer and one time for every miss; 5 misses a day and number, then only files and QR codes.',
      security: [],
      requestBody: { required: true, content: json(lookUpBody) },
      responses: {
        200: {
          description: 'Found. `report` is null unless the caller may see full data',
          content: json(lookUpSchema.extend({ report: z.unknown().describe('The report, or null') })),
        },
        ...problems(404, 429),
      },
    },
  },
}
