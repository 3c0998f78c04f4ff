import { z } from 'zod'
import { importSchema } from '../importSchema.ts'
import { pageQuery } from '../pageQuery.ts'
import { problems } from '../problemResponses.ts'

export const mappingSchema = z.record(z.string().max(40), z.string().max(200))
export const idParameter = z.object({ id: z.uuid() })
const outcome = z.enum(['new', 'changed', 'unchanged', 'repeated', 'refused', 'foreign'])
const rowPhoto = z.enum(['none', 'kept', 'same', 'new', 'missing', 'refused'])
const sentences = z.object({ vi: z.string(), en: z.string() })

const rowSchema = z
  .object({
    seq: z.int(),
    sheet: z.string(),
    row: z.int(),
    outcome,
    photo: rowPhoto,
    name: z.string(),
    personalNumber: z.string().describe('Masked'),
    agency: z.string(),
    post: z.string().describe('Of a new person'),
    findings: z.array(
      z.object({
        code: z.string(),
        severity: z.enum(['refused', 'warning', 'repaired']),
        column: z.string(),
        value: z.string(),
        to: z.string().optional(),
        other: z.string().optional(),
        message: sentences,
      }),
    ),
    changes: z.array(z.object({ field: z.string(), before: z.string(), after: z.string() })),
  })
  .meta({ id: 'ImportRow' })

export const rowsQuery = z.object({
  outcome: outcome.optional(),
  having: z.enum(['warnings', 'repairs']).optional(),
  photo: rowPhoto.optional(),
  agency: z.string().max(35).optional(),
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(50),
})
const rowsAnswer = z.object({ import: importSchema, rows: z.array(rowSchema), next: z.int().nullable() })
export const absentQuery = z.object({ after: z.uuid().optional() })
const absentAnswer = z.object({
  people: z.array(z.object({ id: z.uuid(), fullName: z.string(), agency: z.string() })),
  next: z.uuid().nullable(),
})
export const photosQuery = z.object({ after: z.coerce.number().int().min(0).default(0) })
const photosAnswer = z.object({
  photos: z.array(z.object({ seq: z.int(), name: z.string(), officerId: z.uuid().nullable(), refusal: z.string().nullable() })),
  next: z.int().nullable(),
})
export const commitBody = z.object({ onlyGood: z.boolean().default(false).describe('Write the good rows although others are refused') })
export const previewBody = z.object({ mapping: mappingSchema.optional().describe('Column -> header text; remembered for these headers') })
export const assignBody = z.object({ row: z.int().min(1).nullable().describe('seq of the row, null to take it away') })
const uploadForm = z.object({
  file: z.string().meta({ format: 'binary', description: 'XLSX, ODS or CSV of people or of agencies' }),
  photos: z.string().meta({ format: 'binary', description: 'ZIP of photos' }).optional(),
  agency: z.string().describe('Bounds the import; yours when absent').optional(),
  mapping: z.string().describe('JSON: column -> header text').optional(),
})

const json = <S extends z.ZodType>(schema: S) => ({ 'application/json': { schema } })
const one = (description: string) => ({ description, content: json(importSchema) })

/** The operations of imports in the OpenAPI document. */
export const importsPaths = {
  '/api/imports': {
    post: {
      summary: 'Upload a sheet of people or agencies, with photos; it is read in the background',
      requestBody: { required: true, content: { 'multipart/form-data': { schema: uploadForm } } },
      responses: { 202: one('Being read: ask again until state is preview or failed') },
    },
    get: {
      summary: 'Imports of the caller’s agencies',
      requestParams: { query: pageQuery },
      responses: {
        200: {
          description: 'A page, newest first',
          content: json(z.object({ imports: z.array(importSchema), next: z.string().nullable() })),
        },
        ...problems(400),
      },
    },
  },
  '/api/imports/{id}': {
    get: {
      summary: 'State, progress and counts',
      requestParams: { path: idParameter },
      responses: { 200: one('The import'), ...problems(400, 404) },
    },
  },
  '/api/imports/{id}/rows': {
    get: {
      summary: 'Preview: what each row comes to, in the order of the file',
      requestParams: { path: idParameter, query: rowsQuery },
      responses: { 200: { description: 'A page of rows; `next` is the next `after`', content: json(rowsAnswer) }, ...problems(400, 404) },
    },
  },
  '/api/imports/{id}/absent': {
    get: {
      summary: 'People of the file’s agencies who are not in it',
      requestParams: { path: idParameter, query: absentQuery },
      responses: { 200: { description: 'A page of people', content: json(absentAnswer) }, ...problems(400, 404) },
    },
  },
  '/api/imports/{id}/photos': {
    get: {
      summary: 'Photos that no row took',
      requestParams: { path: idParameter, query: photosQuery },
      responses: { 200: { description: 'A page of photos', content: json(photosAnswer) }, ...problems(400, 404) },
    },
  },
  '/api/imports/{id}/photos/{seq}': {
    get: {
      summary: 'One photo as it would be shown',
      requestParams: { path: idParameter.extend({ seq: z.int() }) },
      responses: {
        200: { description: 'JPEG', content: { 'image/jpeg': { schema: z.string().meta({ format: 'binary' }) } } },
        ...problems(400, 404),
      },
    },
    put: {
      summary: 'Match a photo to a row by hand',
      requestParams: { path: idParameter.extend({ seq: z.int() }) },
      requestBody: { required: true, content: json(assignBody) },
      responses: { 204: { description: 'Matched' }, ...problems(404, 409) },
    },
  },
  '/api/imports/{id}/preview': {
    post: {
      summary: 'Read the file again, with other columns or because people changed',
      requestParams: { path: idParameter },
      requestBody: { required: false, content: json(previewBody) },
      responses: { 202: one('Being read'), ...problems(404) },
    },
  },
  '/api/imports/{id}/commit': {
    post: {
      summary: 'Write what the preview shows, all or nothing',
      requestParams: { path: idParameter },
      requestBody: { required: false, content: json(commitBody) },
      responses: { 202: one('Being written'), ...problems(404) },
    },
  },
  '/api/imports/{id}/cancel': {
    post: {
      summary: 'Cancel; nothing stays half written',
      requestParams: { path: idParameter },
      responses: { 204: { description: 'Cancelled' }, ...problems(404) },
    },
  },
  '/api/imports/{id}/errors.xlsx': {
    get: {
      summary: 'The refused rows as a workbook to mend, a sheet a unit',
      requestParams: { path: idParameter, query: z.object({ lang: z.enum(['vi', 'en']).optional() }) },
      responses: {
        200: {
          description: 'XLSX',
          content: {
            'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': { schema: z.string().meta({ format: 'binary' }) },
          },
        },
        ...problems(400, 404),
      },
    },
  },
}
