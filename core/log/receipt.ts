import * as z from 'zod/mini'
import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { decodeBase64url } from '../encoding/base64url.ts'
import { equalBytes } from '../encoding/bytes.ts'
import { AppError } from '../errors.ts'
import { countCosignatures, type OpenedCheckpoint, openCheckpoint } from './checkpoint.ts'
import { rootOfInclusion } from './inclusion.ts'
import { leafHash } from './leafHash.ts'
import type { VerifierKey } from './verifierKey.ts'

const count = z.number().check(z.int(), z.gte(0))
const b64u = z.string().check(z.regex(/^[\w-]*$/))
const hash = z.string().check(z.regex(/^[\w-]{42}[AEIMQUYcgkosw048]$/))
const path = z.array(hash).check(z.maxLength(64))

const receiptSchema = z.object({
  v: z.literal(1),
  entry: b64u.check(z.maxLength(87_380)),
  leafIndex: count,
  treeSize: count,
  inclusionPath: path,
  checkpoint: z.nullable(z.string().check(z.maxLength(65_536))),
  anchor: z.nullable(
    z.object({
      chainId: count,
      contract: z.string().check(z.regex(/^0x[0-9a-fA-F]{40}$/)),
      treeSize: count,
      consistencyPath: path,
      transaction: z.string().check(z.regex(/^0x[0-9a-fA-F]{64}$/)),
      block: count,
      time: count,
    }),
  ),
})

/** Proof that an entry is in the log (formats 7). `checkpoint` is null at a size that was never signed; `anchor` fields are hints. */
export type Receipt = z.infer<typeof receiptSchema>

/** The receipt in a parsed JSON value, without members of later versions; log.receipt when it is none. */
export function parseReceipt(value: unknown): Receipt {
  const result = receiptSchema.safeParse(value)
  if (!result.success) throw new AppError('log.receipt', result.error.issues.map(i => i.path.join('.')).join(', '))
  return result.data
}

/** The root at `treeSize` that the receipt's entry and path lead to, 32 bytes; null when the path does not fit. */
export async function rootOfReceipt(receipt: Receipt, crypto: CoreCrypto): Promise<Uint8Array | null> {
  try {
    const leaf = await leafHash(decodeBase64url(receipt.entry), async bytes => crypto.sha256(bytes))
    const { leafIndex, treeSize } = receipt
    return await rootOfInclusion({ leafHash: leaf, leafIndex, treeSize, path: receipt.inclusionPath.map(decodeBase64url) }, crypto)
  } catch (error) {
    if (error instanceof AppError) return null
    throw error
  }
}

/** What a receipt proves: the entry is in the tree of a checkpoint that the log signed, with this many witnesses. */
export interface ProvenReceipt {
  readonly entry: Uint8Array
  readonly checkpoint: OpenedCheckpoint
  readonly cosignatures: number
}

/** What the receipt proves under the log's key, or null. Needs no network; the anchor is judged apart. Formats 7. */
export async function proveReceipt(
  receipt: Receipt,
  logKey: VerifierKey,
  witnesses: readonly VerifierKey[],
  crypto: CoreCrypto,
): Promise<ProvenReceipt | null> {
  const root = await rootOfReceipt(receipt, crypto)
  const checkpoint = receipt.checkpoint === null ? null : await openCheckpoint(receipt.checkpoint, logKey, crypto)
  if (!root || !checkpoint || checkpoint.treeSize !== receipt.treeSize || !equalBytes(root, checkpoint.rootHash)) return null
  return {
    entry: decodeBase64url(receipt.entry),
    checkpoint,
    cosignatures: await countCosignatures(checkpoint.note, witnesses, crypto),
  }
}
