import { z } from 'zod'

const hash = z.string().describe('32 bytes in base64url')

/** The receipt of formats 7, as the OpenAPI document says it. */
export const receiptSchema = z
  .object({
    v: z.literal(1),
    entry: z.string().describe('Base64url'),
    leafIndex: z.int(),
    treeSize: z.int(),
    inclusionPath: z.array(hash),
    checkpoint: z.string().nullable().describe('Signed note; null at a size that was never signed'),
    anchor: z
      .object({
        chainId: z.int(),
        contract: z.string(),
        treeSize: z.int(),
        consistencyPath: z.array(hash),
        transaction: z.string(),
        block: z.int(),
        time: z.int().describe('Seconds'),
      })
      .nullable(),
  })
  .meta({ id: 'Receipt' })
