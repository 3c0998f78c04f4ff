import type pg from 'pg'
import { coalesce } from '../db/coalesce.ts'
import { readDocument, readRoot, readSeq, type TrustDocument } from './trustTable.ts'

/** Trust documents as they are served; a publication shows at once. */
export interface ServedTrust {
  /** `trust-list`, `trust/CODE`, `agency-ca`, `root/N` or `root` for the newest; undefined when there is none. */
  read(path: string): Promise<TrustDocument | undefined>
}

const maxKept = 5000

/** Keeps documents in memory as long as no other publication follows; each read asks for the newest seq, reads of one moment together. */
export function servedTrust(pool: pg.Pool): ServedTrust {
  const kept = new Map<string, TrustDocument>()
  let seq = -1
  const check = coalesce(async (_: 'seq'): Promise<number> => {
    const current = await readSeq(pool)
    if (current !== seq) kept.clear()
    seq = current
    return current
  })

  return {
    async read(path) {
      const current = await check('seq').catch(error => {
        // What is signed stays good for days: while the database is away it is served from memory.
        if (kept.has(path)) return seq
        throw error
      })
      const known = kept.get(path)
      if (known) return known
      const document = await load(pool, path)
      if (document && current === seq) {
        if (kept.size >= maxKept) kept.clear()
        kept.set(path, document)
      }
      return document
    },
  }
}

async function load(pool: pg.Pool, path: string): Promise<TrustDocument | undefined> {
  const root = /^root(?:\/([1-9]\d{0,3}))?$/.exec(path)
  if (!root) return readDocument(pool, path)
  const document = await readRoot(pool, root[1] ? Number(root[1]) : undefined)
  return document && { path, body: document.body, digest: document.digest }
}
