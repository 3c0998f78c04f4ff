import type { Cluster } from './cluster.ts'

/** What a supervisor does: processes that gave up begin again. */
export function revive(cluster: Cluster): void {
  for (const child of [...cluster.servers, ...cluster.workers]) child.revive()
}
