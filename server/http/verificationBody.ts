import { z } from 'zod'
import { isAgencyCode } from '../../core/identity/agencyCode.ts'
import { readTypedDate } from '../verification/compareFields.ts'
import { sha256Hex } from './sha256Hex.ts'

const typedDate = z
  .string()
  .max(20)
  .transform((value, context) => {
    const date = readTypedDate(value)
    if (date === null) context.addIssue({ code: 'custom', message: 'Not a date: 31/03/1990, 1990-03-31, 03/1990 or 1990' })
    return date ?? z.NEVER
  })

/** Which checks a verdict of `valid` needs (formats 8). */
export const policy = z.enum(['standard', 'strict']).default('standard')
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
