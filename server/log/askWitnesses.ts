import type { Pool } from 'pg'
import type { CoreCrypto } from '../../core/crypto/coreCrypto.ts'
import { AppError } from '../../core/errors.ts'
import { encodeBase64 } from '../../core/log/base64.ts'
import type { VerifierKey } from '../../core/log/verifierKey.ts'
import { addCosignatures } from './addCosignature.ts'
import { newestCheckpoint } from './checkpointsTable.ts'
import { consistencyPath } from './proofFor.ts'

/** What asking a witness came to. */
export interface WitnessAnswer {
  readonly url: string
  readonly ok: boolean
  readonly detail: string
}

const patienceMs = 10_000

/**
 * Asks each witness to cosign the newest checkpoint (C2SP tlog-witness add-checkpoint, `url` is its submission prefix) and keeps the
 * cosignatures of known ones. A witness that is silent or refuses is told, never thrown.
 */
export async function askWitnesses(
  deps: { readonly pool: Pool; readonly witnesses: readonly VerifierKey[]; readonly crypto: CoreCrypto },
  urls: readonly string[],
): Promise<WitnessAnswer[]> {
  const checkpoint = await newestCheckpoint(deps.pool)
  if (!checkpoint || checkpoint.treeSize === 0) return []
  return Promise.all(
    urls.map(async url => {
      try {
        const lines = await ask(deps.pool, url, checkpoint)
        const kept = await addCosignatures(deps, checkpoint.treeSize, lines)
        return { url, ok: kept > 0, detail: kept > 0 ? `cosigned ${checkpoint.treeSize}` : 'no cosignature of a known witness' }
      } catch (error) {
        return { url, ok: false, detail: error instanceof Error ? error.message : String(error) }
      }
    }),
  )
}

async function ask(pool: Pool, url: string, checkpoint: { readonly treeSize: number; readonly note: string }): Promise<string> {
  let old = 0
  // The first question only finds out where the witness stands, unless it has never seen this log.
  for (let attempt = 0; attempt < 3; attempt++) {
    const proof = old === 0 ? [] : await consistencyPath(pool, old, checkpoint.treeSize)
    const body = `old ${old}\n${proof.map(hash => `${encodeBase64(hash)}\n`).join('')}\n${checkpoint.note}`
    const response = await fetch(`${url.replace(/\/$/, '')}/add-checkpoint`, {
      method: 'POST',
      body,
      signal: AbortSignal.timeout(patienceMs),
    })
    const text = (await response.text()).slice(0, 16_384)
    if (response.ok) return text
    const stands = Number(text.trim())
    if (response.status !== 409 || !Number.isSafeInteger(stands) || stands > checkpoint.treeSize || stands === old)
      throw new AppError('log.note', `The witness answers ${response.status}`)
    old = stands
  }
  throw new AppError('log.note', 'The witness moves on faster than it is asked')
}
