import { Router } from 'express'
import { z } from 'zod'
import { decodeBase64url } from '../../../core/encoding/base64url.ts'
import { canonicalJson } from '../../../core/encoding/canonicalJson.ts'
import { AppError } from '../../../core/errors.ts'
import { outcomeOf } from '../../../core/verification/outcomeOf.ts'
import { nodeCrypto } from '../../keys/nodeCrypto.ts'
import { resultSheetPdf } from '../../pages/public/resultSheetPdf.ts'
import type { ServiceKey } from '../../service-keys/serviceKey.ts'
import type { Actor } from '../../staff/actor.ts'
import { holds } from '../../staff/authorize.ts'
import { compareLine, type FieldMatch } from '../../verification/compareFields.ts'
import { evenTiming } from '../../verification/evenTiming.ts'
import { digestOf, type SheetRow, signSheet } from '../../verification/resultSheet.ts'
import { createVerificationAnswer, type VerificationAnswerDeps } from '../createVerificationAnswer.ts'
import { problems } from '../problemResponses.ts'
import { limitRequests } from '../rateLimits.ts'
import { readJson } from '../readJson.ts'
import { registeredDiplomas } from '../registeredDiplomas.ts'
import { fieldMatch } from '../reportSchema.ts'
import { verificationBody } from '../verificationBody.ts'

export interface ResultSheetsRoutesDeps extends VerificationAnswerDeps {
  /** Origin of PUBLIC_URL. */
  publicUrl: string
  key: ServiceKey
  /** The newest checkpoint: size and root hash in base64url, or null. */
  logState: () => Promise<{ size: number; rootHash: string } | null>
}

/** Rows that anyone may check at once; signed-in staff may check more. */
export const publicRows = 50
export const staffRows = 2000

/** A line that holds something longer is unreadable; it must not refuse the others. */
const cell = z.string().max(1000).optional()
const rowBody = z
  .strictObject({
    credential: z.string().max(20_000).optional(),
    documentSha256: z.string().max(64).optional(),
    agency: cell,
    soHieu: cell,
    ngaySinh: cell,
    holderName: cell,
    awarded: cell,
    title: cell,
    classification: cell,
  })
  .describe('What a credential or file says is compared with what was typed beside it')
  .meta({ id: 'SheetRowRequest' })
const sheetBody = z
  .strictObject({
    rows: z.array(rowBody).min(1).max(staffRows),
    checkedBy: z
      .string()
      .trim()
      .max(120)
      .refine(text => text.isWellFormed(), 'Not well-formed Unicode')
      .default('')
      .describe('Printed on the sheet unless the caller is signed in'),
    lang: z.enum(['vi', 'en']).default('vi'),
  })
  .meta({ id: 'SheetRequest' })
const rowSchema = z
  .object({
    row: z.int(),
    subject: z.string(),
    outcome: z.string(),
    ref: z.string().nullable(),
    decision: z.string().nullable(),
    fields: z.record(z.string(), fieldMatch).optional().describe('Of a line that matches in part'),
  })
  .meta({ id: 'SheetRow' })
const statementSchema = z
  .object({
    v: z.literal(1),
    type: z.literal('result-sheet'),
    host: z.string(),
    at: z.int(),
    checkedBy: z.string(),
    signedIn: z.boolean(),
    log: z.object({ size: z.int(), rootHash: z.string() }).nullable(),
    rows: z.int(),
    counts: z.record(z.string(), z.int()),
    resultDigest: z.string(),
  })
  .meta({ id: 'SheetStatement' })
const verifyBody = z
  .strictObject({ statement: statementSchema, signature: z.string().max(100), rows: z.array(rowSchema).max(staffRows).optional() })
  .meta({ id: 'SheetVerifyRequest' })

/** Lists of diplomas, checked by the server row by row, with the signed sheet for a dossier. Read their bodies themselves. */
export function resultSheetsRoutes(deps: ResultSheetsRoutesDeps): Router {
  const router = Router()
  const answer = createVerificationAnswer(deps)
  const registered = registeredDiplomas(deps.pool, deps.cipher)

  router.post(
    '/api/result-sheets',
    limitRequests({ pool: deps.pool, name: 'result-sheets', limit: 10, clientLimit: 60, seconds: 60 }),
    readJson(4_194_304),
    async (req, res) => {
      const body = sheetBody.parse(req.body)
      const isChecker = holds(req.actor, 'verify.full')
      if (!isChecker && body.rows.length > publicRows) throw new AppError('http.too-large', `More than ${publicRows} rows need a sign-in`)
      const rows = await evenTiming(() => checkRows(body.rows, req.actor, req.ip))
      const sheet = signSheet(
        {
          host: deps.publicUrl,
          at: deps.clock(),
          checkedBy: req.actor ? `${req.actor.name} (${req.actor.agency})` : body.checkedBy,
          signedIn: req.actor !== null,
          log: await deps.logState(),
          rows,
        },
        deps.key,
      )
      const pdf = Buffer.from(resultSheetPdf(sheet, body.lang)).toString('base64')
      res.set('Cache-Control', 'no-store').json({ ...sheet, pdf })
    },
  )

  router.post(
    '/api/result-sheets/verify',
    limitRequests({ pool: deps.pool, name: 'result-sheets-verify', limit: 60, seconds: 60 }),
    readJson(4_194_304),
    (req, res) => {
      const { statement, signature, rows } = verifyBody.parse(req.body)
      res.json({ valid: isSigned(statement, bytesOf(signature)) && (rows === undefined || isOver(rows, statement.resultDigest)) })
    },
  )

  return router

  // What has no canonical form (half of a surrogate pair) was never signed.
  function isSigned(statement: z.infer<typeof statementSchema>, signature: Uint8Array): boolean {
    const text = canonicalOrNull(statement)
    return text !== null && nodeCrypto.verifyEd25519(deps.key.publicKey, Buffer.from(text), signature)
  }

  async function checkRows(
    rows: readonly z.infer<typeof rowBody>[],
    actor: Actor | null,
    address: string | undefined,
  ): Promise<SheetRow[]> {
    const checked: SheetRow[] = []
    for (const [i, row] of rows.entries())
      checked.push({ row: i + 1, subject: subjectOf(row).toWellFormed(), ...(await check(row, actor, address)) })
    return checked
  }

  async function check(
    row: z.infer<typeof rowBody>,
    actor: Actor | null,
    address: string | undefined,
  ): Promise<Omit<SheetRow, 'row' | 'subject'>> {
    const none = { ref: null, decision: null }
    const { credential, documentSha256, ...typed } = row
    const byNumber = credential === undefined && typed.agency && typed.soHieu && typed.ngaySinh
    const parsed = verificationBody.safeParse(byNumber ? row : { credential, documentSha256 })
    if (!parsed.success) return { outcome: 'unreadable', ...none }
    try {
      const given = await answer(parsed.data, actor, address ?? '')
      const ref = given.credential?.ref ?? null
      if (given.lookup) return { ref, ...worded(given.lookup.outcome, given.lookup.fields), decision: given.lookup.decision }
      const outcome = outcomeOf(given)
      const end = outcome === 'revoked' && ref ? await registered.byRef(decodeBase64url(ref)) : null
      const fields = given.credential?.kind === 'diploma' ? compareLine(typed, given.credential) : {}
      return { ref, ...worded(end?.endedAs === 'corrected' ? 'corrected' : outcome, fields), decision: end?.decision ?? null }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      if (error.code === 'limit.lookups') return { outcome: 'undetermined', ...none }
      if (error.code === 'verification.not-found' || error.code === 'token.not-found') return { outcome: 'absent', ...none }
      throw error
    }
  }
}

/** Somebody else's genuine diploma is no match for a line. */
function worded(outcome: string, fields: Readonly<Record<string, FieldMatch>>): Pick<SheetRow, 'outcome' | 'fields'> {
  const isInForce = ['match', 'copy', 'partial'].includes(outcome)
  return isInForce && Object.values(fields).some(field => field !== 'match') ? { outcome: 'partial', fields } : { outcome }
}

function subjectOf({ soHieu, documentSha256, credential }: z.infer<typeof rowBody>): string {
  return soHieu || (documentSha256 ? `SHA-256 ${documentSha256.slice(0, 16)}…` : credential ? 'QR' : '')
}

function isOver(rows: readonly SheetRow[], digest: string): boolean {
  return canonicalOrNull(rows) !== null && digestOf(rows) === digest
}

function canonicalOrNull(value: unknown): string | null {
  try {
    return canonicalJson(value as never)
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

function bytesOf(text: string): Uint8Array {
  try {
    return decodeBase64url(text)
  } catch {
    return new Uint8Array(0)
  }
}

const json = <T>(schema: T) => ({ 'application/json': { schema } })

export const resultSheetsPaths = {
  '/api/result-sheets': {
    post: {
      summary: 'Check a list of diplomas and get a signed result sheet',
      description: `At most ${publicRows} rows without signing in. Misses count as in /api/diplomas/lookup.`,
      security: [],
      requestBody: { required: true, content: json(sheetBody) },
      responses: {
        200: {
          description: 'The rows in order, the signed statement, and the sheet as PDF in base64',
          content: json(
            z.object({ statement: statementSchema, rows: z.array(rowSchema), keyId: z.string(), signature: z.string(), pdf: z.string() }),
          ),
        },
        ...problems(400, 413, 429),
      },
    },
  },
  '/api/result-sheets/verify': {
    post: {
      summary: 'Whether a result sheet was signed here, over these rows',
      security: [],
      requestBody: { required: true, content: json(verifyBody) },
      responses: { 200: { description: 'The answer', content: json(z.object({ valid: z.boolean() })) }, ...problems(400, 429) },
    },
  },
}
