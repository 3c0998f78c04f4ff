import { z } from 'zod'
import { checkNames } from '../../core/verification/report.ts'

const agencyName = z.object({ vi: z.string(), en: z.string() })
const common = {
  issuer: z.string(),
  issuerName: agencyName,
  ref: z.string().describe('16 bytes in base64url'),
  issuedAt: z.int().describe('Seconds since 1970'),
  expiresAt: z.int().optional(),
  status: z.object({ list: z.int(), idx: z.int() }),
}

const card = z
  .object({
    kind: z.literal('card'),
    ...common,
    serial: z.string(),
    fullName: z.string(),
    position: z.string(),
    usingAgency: z.string(),
    usingAgencyName: agencyName,
    category: z.int().min(0).max(5),
    photo: z.string().optional(),
  })
  .meta({ id: 'ReportedCard' })

const diploma = z
  .object({
    kind: z.literal('diploma'),
    ...common,
    number: z.string().optional(),
    holderName: z.string(),
    title: z.string(),
    field: z.string().optional(),
    awarded: z.string(),
    classification: z.string().optional(),
    document: z.string().optional(),
    registerNumber: z.string().optional(),
    birthDate: z.string().optional(),
    institutionThen: z.string().optional(),
    basis: z.int().min(0).max(3),
  })
  .meta({ id: 'ReportedDiploma' })

const sdJwt = z
  .object({
    form: z.literal('sd-jwt'),
    kind: z.enum(['card', 'diploma']),
    issuer: z.string(),
    issuerName: agencyName,
    issuedAt: common.issuedAt,
    expiresAt: common.expiresAt,
    status: common.status,
    holderBound: z.boolean().describe('A KB-JWT was asked for, and is right'),
    disclosed: z
      .record(z.string(), z.union([z.string(), z.int()]))
      .describe('What the holder chose to show, by the names of the type metadata'),
  })
  .meta({ id: 'ReportedSdJwt' })

const check = z
  .object({
    name: z.enum(checkNames),
    outcome: z.enum(['passed', 'failed', 'contradicted', 'unavailable', 'not-applicable']),
    code: z.string(),
    detail: z.string(),
    asOf: z.int().optional().describe('Seconds; when the evidence was true'),
  })
  .meta({ id: 'Check' })

export const fieldMatch = z.enum(['match', 'partial', 'differs'])

/** What a look-up by typed numbers says of the fields; never the registered values. */
export const lookUpSchema = z
  .object({
    outcome: z.enum(['match', 'copy', 'partial', 'corrected', 'revoked', 'suspended', 'expired', 'undetermined']),
    fields: z.record(z.string(), fieldMatch).describe('agency, soHieu, ngaySinh, and each further field that was given'),
    decision: z.string().nullable().describe('Number and date of the decision that ended or corrected it'),
  })
  .meta({ id: 'LookUp' })

/** The verification report of formats 8. */
export const reportSchema = z
  .object({
    verdict: z.enum(['valid', 'invalid', 'undetermined']),
    credential: z.union([card, diploma, sdJwt]).nullable().describe('Null unless format, signature and issuer passed'),
    checks: z.array(check).describe('Always nine, in order'),
    evaluatedAt: z.int(),
    policy: z.enum(['standard', 'strict']),
    live: z
      .enum(['live', 'stale', 'wrong', 'ended', 'unknown'])
      .optional()
      .describe("Of a live card: whether the holder's phone shows it now"),
    lookup: lookUpSchema.optional().describe('Of typed numbers'),
    successor: z.unknown().optional().describe('The report on the diploma that took the place of a corrected one'),
  })
  .meta({ id: 'Report' })
