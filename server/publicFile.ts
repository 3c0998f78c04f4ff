import { decodeBase64url } from '../core/encoding/base64url.ts'
import type { Installation } from './installation.ts'
import { newestCheckpoint, noteWithCosignatures } from './log/checkpointsTable.ts'
import { proofFor } from './log/proofFor.ts'
import { servedTrust } from './trust/servedTrust.ts'

/** Reads a public file by its path, as our own routes serve it, for verification inside the server; null when there is none. */
export function publicFileReader(installation: Installation): (path: string) => Promise<string | Uint8Array | null> {
  const { pool, statusLists, logKey, signNote } = installation
  const trust = servedTrust(pool)
  return async path => {
    const url = new URL(path, 'http://localhost')
    const trustPath = /^\/\.well-known\/antin\/(.+)$/.exec(url.pathname)?.[1]
    if (trustPath) return (await trust.read(trustPath))?.body ?? null
    const list = /^\/status-lists\/(\d{1,9})$/.exec(url.pathname)?.[1]
    if (list) return (await statusLists.tokenOf(Number(list))).token
    if (url.pathname === '/log/checkpoint') {
      const checkpoint = await newestCheckpoint(pool)
      return checkpoint && noteWithCosignatures(pool, checkpoint)
    }
    if (url.pathname === '/log/proof') {
      const digest = url.searchParams.get('digest')
      const size = url.searchParams.get('size')
      const entry = digest === null ? decodeBase64url(url.searchParams.get('ref') ?? '') : { digest }
      const receipt = await proofFor({ pool, logKey, signNote }, entry, size === null ? undefined : Number(size))
      return receipt && JSON.stringify(receipt)
    }
    return null
  }
}
