import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import { encodeBase64 } from '../../core/log/base64.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import { addCosignatures } from './addCosignature.ts'
import { newestCheckpoint } from './checkpointsTable.ts'
import { knownWitnesses } from './knownWitnesses.ts'
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
export async function askWitnesses(pool: Pool, urls: readonly string[]): Promise<WitnessAnswer[]> {
  const checkpoint = await newestCheckpoint(pool)
  if (!checkpoint || checkpoint.treeSize === 0 || urls.length === 0) return []
  const witnesses = await knownWitnesses(pool)
  return Promise.all(
    urls.map(async url => {
      try {
        const lines = await ask(pool, url, checkpoint)
        const kept = await addCosignatures({ pool, witnesses, crypto: nodeCrypto }, checkpoint.treeSize, lines)
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
    const answer = await addCheckpoint(url, old, proof, checkpoint.note)
    if (answer.status === 200) return answer.text
    const stands = sizeOf(answer)
    if (stands === null || stands > checkpoint.treeSize || stands === old)
      throw new AppError('log.note', `The witness answers ${answer.status}`)
    old = stands
  }
  throw new AppError('log.note', 'The witness moves on faster than it is asked')
}

/**
 * The largest size that one of the witnesses cosigned, as far as they answer; null when none does. Above our own size it means that this
 * database is behind what was public.
 */
export async function largestWitnessed(urls: readonly string[], note: string): Promise<number | null> {
  const answers = await Promise.allSettled(urls.map(url => addCheckpoint(url, 0, [], note)))
  const given = answers.flatMap(answer => (answer.status === 'fulfilled' && answer.value.status < 500 ? [sizeOf(answer.value) ?? 0] : []))
  return given.length > 0 ? Math.max(...given) : null
}

interface Answer {
  readonly status: number
  readonly text: string
}

async function addCheckpoint(url: string, old: number, proof: readonly Uint8Array[], note: string): Promise<Answer> {
  const body = `old ${old}\n${proof.map(hash => `${encodeBase64(hash)}\n`).join('')}\n${note}`
  const response = await fetch(`${url.replace(/\/$/, '')}/add-checkpoint`, {
    method: 'POST',
    body,
    signal: AbortSignal.timeout(patienceMs),
  })
  return { status: response.status, text: (await response.text()).slice(0, 16_384) }
}

/** The size that a witness of status 409 says it stands at. */
function sizeOf({ status, text }: Answer): number | null {
  return status === 409 && /^[0-9]{1,15}\n?$/.test(text) ? Number(text) : null
}
