import { z } from 'zod'
import { sealedUrl } from '../../core/credential/qr.ts'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { maskPersonalNumber } from '../../core/identity/maskPersonalNumber.ts'
import type { AgencyTree } from '../agencies/agencyTree.ts'
import { isExpired } from '../diplomas/isExpired.ts'
import type { OpenedDiploma } from '../diplomas/readDiploma.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'

/** A registered diploma in the API. */
export const diplomaSchema = z
  .object({
    ref: z.string(),
    issuer: z.object({ code: z.string(), oldCode: z.string().nullable(), name: z.string() }),
    number: z.string().nullable(),
    registerNumber: z.string().nullable(),
    holderName: z.string(),
    holderNumber: z.string().nullable().describe('Masked: 001***012345'),
    birthDate: z.string().nullable(),
    title: z.string(),
    field: z.string().nullable(),
    classification: z.string().nullable(),
    awarded: z.string(),
    basis: z.int(),
    expiresAt: z.iso.datetime().nullable().describe('Null when it does not expire'),
    status: z.enum(['active', 'expired', 'ended', 'replaced', 'error', 'corrected']),
    successor: z.string().nullable(),
    decision: z.string().nullable(),
    issuedAt: z.iso.datetime(),
    leafIndex: z.int(),
    qr: z.string(),
  })
  .meta({ id: 'Diploma' })

/** The diploma for those who may read the register, and for its holder. */
export function presentDiploma(
  deps: { agencies: AgencyTree; origin: string; cipher: FieldCipher; clock: () => number },
  diploma: OpenedDiploma,
): z.infer<typeof diplomaSchema> {
  const agency = deps.agencies.get(diploma.issuerCode)
  return {
    ref: encodeBase64url(diploma.ref),
    issuer: { code: diploma.issuerCode, oldCode: agency?.oldCode ?? null, name: agency?.nameVi ?? diploma.issuerCode },
    number: diploma.number,
    registerNumber: diploma.registerNumber,
    holderName: diploma.holderName,
    holderNumber: diploma.holderNumber && maskPersonalNumber(deps.cipher.open(diploma.holderNumber).toString('utf8')),
    birthDate: diploma.claims.diploma.birthDate ?? null,
    title: diploma.title,
    field: diploma.field,
    classification: diploma.classification,
    awarded: diploma.awarded,
    basis: diploma.basis,
    expiresAt: diploma.expiresAt?.toISOString() ?? null,
    status: diploma.endedAs ?? (isExpired(diploma, deps.clock()) ? 'expired' : 'active'),
    successor: diploma.successor ? encodeBase64url(diploma.successor) : null,
    decision: diploma.decision,
    issuedAt: diploma.issuedAt.toISOString(),
    leafIndex: diploma.leafIndex,
    qr: sealedUrl(deps.origin, diploma.sealedBytes),
  }
}
