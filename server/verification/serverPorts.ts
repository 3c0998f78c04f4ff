import { AppError } from '../../core/errors.ts'
import type { ChainNode, EvidencePorts, FetchAnswer } from '../../core/verification/evidence.ts'
import { createMarkStore } from '../../core/verification/markStore.ts'

export interface ServerPortsDeps {
  /**
   * The public file at a path (`/.well-known/antin/trust/G09`, `/status-lists/3`, `/log/proof?ref=…`) as it is served, straight from the
   * signed documents and the database; null when there is none. The same object for the same content makes verifying cheap.
   */
  readPublicFile: (path: string) => Promise<string | Uint8Array | null>
  chain?: ChainNode | undefined
  /** Milliseconds; the monotonic clock. */
  ticks?: () => number
}

/** Milliseconds for which a file is not asked for again; a revocation must show within a second. */
const keepFor = 200
const maxKept = 2000
/** Proofs are of one credential: kept, they would only push out what many share. */
const shared = /^\/(\.well-known\/|status-lists\/|log\/checkpoint)/

interface KeptAnswer {
  readonly content: string | Uint8Array
  readonly answer: FetchAnswer & { kind: 'found' }
  readonly readAt: number
}

/** Evidence as this server has it, for the verification that it does for others: the same documents that everybody can fetch. */
export function createServerPorts({ readPublicFile, chain, ticks = () => performance.now() }: ServerPortsDeps): EvidencePorts {
  const kept = new Map<string, KeptAnswer>()
  const reading = new Map<string, Promise<FetchAnswer>>()

  async function read(path: string): Promise<FetchAnswer> {
    const readAt = ticks()
    const content = await readPublicFile(path)
    if (content === null) return { kind: 'absent' }
    if (!shared.test(path)) return { kind: 'found', bytes: bytesOf(content), online: true }
    const known = kept.get(path)
    // The same bytes stay the same object, so that what was opened before is not opened again.
    const answer = known?.content === content ? known.answer : { kind: 'found' as const, bytes: bytesOf(content), online: true }
    if (kept.size >= maxKept) kept.delete(kept.keys().next().value!)
    kept.set(path, { content, answer, readAt })
    return answer
  }

  return {
    marks: createMarkStore(),
    ...(chain ? { chain } : {}),
    async fetchFile(path) {
      const known = kept.get(path)
      if (known && ticks() - known.readAt < keepFor) return known.answer
      let pending = reading.get(path)
      if (!pending) {
        pending = read(path)
          .catch(unreachable)
          .finally(() => reading.delete(path))
        reading.set(path, pending)
      }
      return pending
    },
  }
}

/** Of what broke only our own words are for everybody: the report tells them. */
function unreachable(error: unknown): FetchAnswer {
  return { kind: 'unreachable', detail: error instanceof AppError ? error.detail : '' }
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content
}
