import { type RequestHandler, Router } from 'express'
import { z } from 'zod'
import { isPartialDate } from '../../../core/credential/partialDate.ts'
import { vietnamDay } from '../../../core/encoding/vietnamDay.ts'
import { AppError } from '../../../core/errors.ts'
import { type AgencyCode, isAgencyCode } from '../../../core/identity/agencyCode.ts'
import type { AgencyTree } from '../../agencies/agencyTree.ts'
import { diplomaColumnOf } from '../../diplomas/diplomaColumnOf.ts'
import { digestFiles, documentOf, unusedFiles } from '../../diplomas/diplomaFiles.ts'
import { readDiplomaSheet } from '../../diplomas/diplomaSheet.ts'
import { type RequestDiplomasDeps, requestDiplomas } from '../../diplomas/requestDiplomas.ts'
import type { ShownDiploma } from '../../diplomas/shownDiploma.ts'
import type { Actor } from '../../staff/actor.ts'
import { authorize } from '../../staff/authorize.ts'
import type { IsoDate } from '../../tables/fields/readDate.ts'
import { severityOf } from '../../tables/finding.ts'
import { idempotency } from '../idempotency.ts'
import { readMultipart } from '../multipart.ts'
import { personalNumber } from '../personalNumberSchema.ts'
import { sendBegun } from '../sendBegun.ts'
import { sha256Hex } from '../sha256Hex.ts'

const partialDate = z.string().refine(isPartialDate, 'YYYY, YYYY-MM or YYYY-MM-DD')
const text = (max: number) => z.string().trim().normalize('NFC').min(1).max(max)

const diplomaBody = z
  .object({
    agency: z.string().refine(isAgencyCode, 'not an agency code'),
    number: text(40).optional(),
    registerNumber: text(40).optional(),
    holderName: text(100),
    holderNumber: personalNumber.optional(),
    birthDate: partialDate.optional(),
    title: text(160),
    field: text(160).optional(),
    classification: text(60).optional(),
    awarded: partialDate,
    expiresOn: z.iso.date().optional().describe('Its last day; leave it out when it does not expire'),
    institutionThen: text(200).optional(),
    basis: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]).default(0),
    documentSha256: sha256Hex.optional(),
    decision: text(200).optional().describe('Number and date; needed when the number is registered with other data'),
    allowDuplicate: z.boolean().default(false),
  })
  .refine(body => body.number !== undefined || body.registerNumber !== undefined, 'A number or a register number is needed')
  .refine(({ expiresOn, awarded }) => expiresOn === undefined || expiresOn >= awarded, 'expiresOn is before awarded')

const requestAnswer = z.object({
  requestId: z.uuid().nullable(),
  requested: z.int(),
  correctionId: z.uuid().nullable(),
  corrections: z.int(),
  holdersId: z.uuid().nullable().describe('The request that names holders of diplomas already registered'),
  holders: z.int(),
  unchanged: z.int(),
  refused: z.array(z.object({ row: z.int(), column: z.string(), code: z.string(), value: z.string() })),
  warned: z.int(),
  repaired: z.int(),
  unusedFiles: z.array(z.string()).describe('Files given that no row names'),
})

export interface DiplomaRequestsDeps extends RequestDiplomasDeps {
  agencies: AgencyTree
  /** Seconds. */
  clock: () => number
}

const sheetLimits = { fileBytes: 200 * 1024 * 1024, files: 200 }

/** POST /api/diploma-requests as a form: one diploma as JSON with its file, or a sheet with its files. It reads its own body. */
export function diplomaRequestsRoute(deps: DiplomaRequestsDeps): Router {
  const router = Router()
  const once = idempotency(deps)
  // Known by its length and type, before anything of it is read.
  const onceForForm: RequestHandler = (req, res, next) => (req.is('multipart/form-data') ? once(req, res, next) : next())
  router.post('/api/diploma-requests', onceForForm, async (req, res, next) => {
    if (req.is('application/json')) return next()
    authorize(req.actor, 'diplomas.register', undefined, deps.agencies)
    const form = await readMultipart(req, sheetLimits)
    try {
      const one = form.fields.get('diploma')
      if (one !== undefined) {
        const [documentSha256] = (await digestFiles(form.files.get('file')?.slice(0, 1) ?? [])).values()
        const body = diplomaBody.parse({ ...parsed(one), ...(documentSha256 ? { documentSha256 } : {}) })
        return sendBegun(res, await requestOne(deps, req.actor, body))
      }
      const sheet = form.files.get('sheet')?.[0]
      if (!sheet) throw new AppError('http.invalid', 'The form has neither a field "diploma" nor a file "sheet"')
      const digests = await digestFiles(form.files.get('files') ?? [])
      const read = await readDiplomaSheet(await sheet.read(), {
        agencies: deps.agencies,
        today: vietnamDay(deps.clock()) as IsoDate,
        files: digests,
      })
      const good = read.rows.filter(row => !row.refused)
      for (const agency of new Set(good.map(row => row.values.agency!))) authorize(req.actor, 'diplomas.register', agency, deps.agencies)
      const answer = await requestDiplomas(deps, {
        maker: req.actor,
        agency: req.actor.agency,
        decision: form.fields.get('decision') || undefined,
        allowDuplicates: form.fields.get('allowDuplicates') === 'true',
        detail: { rows: read.counts.rows, refusedRows: read.counts.refused },
        rows: good.map(({ values, findings }) => {
          const { agency, file, ...rest } = values
          return {
            diploma: { ...rest, issuer: agency!, ...documentOf(digests, file) } as ShownDiploma,
            warnings: findings
              .filter(finding => severityOf(finding.code) !== 'refused')
              .map(({ code, column }) => ({ code, field: column })),
          }
        }),
      })
      const refusedRows = read.rows
        .filter(row => row.refused)
        .flatMap(row =>
          row.findings
            .filter(f => severityOf(f.code) === 'refused')
            .map(f => ({ row: row.row, column: f.column, code: f.code, value: f.value })),
        )
      const refusedKeys = answer.refused.map(({ row, code, field }) => ({
        row: good[row]!.row,
        column: diplomaColumnOf[field] ?? field,
        code,
        value: String((good[row]!.values as Partial<ShownDiploma>)[field] ?? ''),
      }))
      sendBegun(res, {
        ...answer,
        unchanged: answer.unchanged + read.counts.repeated,
        refused: [...refusedRows, ...refusedKeys],
        warned: read.counts.warned,
        repaired: read.counts.repaired,
        unusedFiles: unusedFiles(digests, read.rows),
      })
    } finally {
      await form.discard()
    }
  })
  return router
}

/** POST /api/diploma-requests: one diploma as JSON, which the application's own reader has read. */
export function diplomaRequestRoute(deps: DiplomaRequestsDeps): Router {
  const router = Router()
  router.post('/api/diploma-requests', async (req, res) => {
    sendBegun(res, await requestOne(deps, req.actor, diplomaBody.parse(req.body)))
  })
  return router
}

async function requestOne(deps: DiplomaRequestsDeps, actor: Actor | null, body: z.output<typeof diplomaBody>) {
  const { agency, documentSha256, decision, allowDuplicate, ...rest } = body
  authorize(actor, 'diplomas.register', agency as AgencyCode, deps.agencies)
  const diploma = { ...rest, issuer: agency, ...(documentSha256 ? { document: documentSha256 } : {}) } as ShownDiploma
  const answer = await requestDiplomas(deps, {
    maker: actor,
    agency: agency as AgencyCode,
    rows: [{ diploma }],
    decision,
    allowDuplicates: allowDuplicate,
  })
  const refused = answer.refused.map(({ row, code, field }) => ({ row, column: field, code, value: '' }))
  return { ...answer, refused, warned: 0, repaired: 0, unusedFiles: [] }
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch (cause) {
    throw new AppError('http.invalid', 'The field "diploma" is not JSON', { cause })
  }
}

const json = <T>(schema: T) => ({ 'application/json': { schema } })
const binary = z.string().meta({ format: 'binary' })

export const diplomaRequestsPaths = {
  '/api/diploma-requests': {
    post: {
      summary: 'Ask for diplomas to be registered: one as JSON, alone or with its file, or a sheet with its files',
      requestBody: {
        required: true,
        content: {
          ...json(diplomaBody),
          'multipart/form-data': {
            schema: z.union([
              z.object({
                diploma: z.string().describe('JSON, as the other body'),
                file: binary.optional().describe('Its digest is registered'),
              }),
              z.object({
                sheet: binary,
                files: z.array(binary).optional().describe('Files that the sheet names, or a ZIP of them'),
                decision: z.string().optional(),
                allowDuplicates: z.enum(['true', 'false']).optional(),
              }),
            ]),
          },
        },
      },
      responses: { 202: { description: 'Waiting for approval', content: json(requestAnswer) } },
    },
  },
}
