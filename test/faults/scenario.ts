import type { Cluster } from './cluster.ts'
import type { Load, Tokens } from './load.ts'

/** A fault under load. `run` does it and mends what a supervisor or an operator would mend; it answers findings of its own. */
export interface Scenario {
  readonly name: string
  /** Seconds that approved work may take afterwards. */
  readonly patience: number
  readonly run: (cluster: Cluster, load: Load, tokens: Tokens) => Promise<string[] | undefined>
  /** Why it cannot be done here; null when it can. */
  readonly impossible?: (cluster: Cluster) => string | null
}
