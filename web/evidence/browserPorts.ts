import type { EvidencePorts, FetchAnswer, MarkStore } from '../../core/verification/evidence.ts'
import { createMarkStore } from '../../core/verification/markStore.ts'
import { fetchBytes } from './fetchBytes.ts'
import { type KeptFiles, keptFiles } from './keptFiles.ts'

export interface BrowserPorts extends EvidencePorts {
  /** Whether a file could not be reached since the last `restart`. */
  offline(): boolean
  restart(): void
  /** From now on files are asked for again: somebody wants to know anew. */
  forget(): void
}

/** Milliseconds that a file just fetched serves the next card of a queue; far less than the lists' time to live. */
const reuseFor = 30_000
/** With a kept copy a slow network is not waited for longer than this. */
const patience = { withCopy: 3000, without: 9000 }
/** What may be kept for the next time; proofs are of one credential and would tell who was checked. */
const keepable = /^\/(\.well-known\/antin\/|status-lists\/|log\/checkpoint$)/

/** Evidence from our own public files, kept on this device for when there is no network. */
export async function createBrowserPorts(): Promise<BrowserPorts> {
  const kept = await keptFiles()
  const marks = await keptMarks(kept)
  const recent = new Map<string, { bytes: Uint8Array; at: number }>()
  let unreachable = false
  const ports: BrowserPorts = {
    marks,
    offline: () => unreachable,
    restart: () => {
      unreachable = false
    },
    forget: () => recent.clear(),
    async fetchFile(path, { maxLength, fresh }): Promise<FetchAnswer> {
      const known = recent.get(path)
      if (known && !fresh && performance.now() - known.at < reuseFor) return { kind: 'found', bytes: known.bytes, online: true }
      const copy = keepable.test(path) ? await kept.get(path) : undefined
      const answer = await fetchBytes(path, { maxLength, fresh, timeout: copy ? patience.withCopy : patience.without })
      if (answer.kind === 'found' && keepable.test(path)) {
        recent.set(path, { bytes: answer.bytes, at: performance.now() })
        void kept.put({ path, bytes: answer.bytes, fetchedAt: Math.floor(Date.now() / 1000) })
      }
      if (answer.kind !== 'unreachable') return answer
      unreachable = true
      return copy ? { kind: 'found', bytes: copy.bytes, online: false } : answer
    },
  }
  return ports
}

/** Marks that survive the page; read once, written behind. */
async function keptMarks(kept: KeptFiles): Promise<MarkStore> {
  const entries = await kept.readMarks().catch(() => new Map<string, readonly number[]>())
  const store = createMarkStore(entries)
  return {
    accept(key, mark) {
      const accepted = store.accept(key, mark) as boolean
      if (accepted) void kept.putMark(key, mark)
      return accepted
    },
  }
}
