import type { FetchAnswer } from '../../core/verification/evidence.ts'
import { nodeCrypto } from '../../server/keys/nodeCrypto.ts'
import { createVerifier, type Verifier } from '../../server/verification/createVerifier.ts'
import type { Cluster } from './cluster.ts'

/** A verifier elsewhere, as a browser is one: it fetches public files, keeps them, and goes on with what it has when there is no answer. */
export function offlineVerifier(cluster: Cluster): Verifier {
  const kept = new Map<string, Uint8Array>()
  return createVerifier({
    ports: {
      async fetchFile(path): Promise<FetchAnswer> {
        try {
          const response = await fetch(cluster.origin + path, { signal: AbortSignal.timeout(2000) })
          if (response.status === 404) return { kind: 'absent' }
          if (!response.ok) throw new Error(String(response.status))
          const bytes = new Uint8Array(await response.arrayBuffer())
          kept.set(path, bytes)
          return { kind: 'found', bytes, online: true }
        } catch {
          const bytes = kept.get(path)
          return bytes ? { kind: 'found', bytes, online: false } : { kind: 'unreachable' }
        }
      },
    },
    trustRoot: cluster.trustRoot,
    crypto: nodeCrypto,
    publicUrl: cluster.origin,
    clock: () => Math.floor(Date.now() / 1000),
  })
}
