import type { Pool } from 'pg'
import { clockDifference, isBearable } from '../db/clockDifference.ts'
import { readHead } from '../log/logTable.ts'

/** A clock that is wrong, and what to do. */
export interface ClockFinding {
  readonly detail: string
  readonly mend: string
}

const mend = 'Synchronise the clocks (NTP) of this machine and of the database; nothing is issued meanwhile'
/** Seconds that blocks may be ahead of us. */
const chainAhead = 120

/**
 * What is wrong with our clock, as the database, the log and the chain's newest block (`blockTime` in seconds, where a node was asked) show it.
 * Blocks that are old say nothing: a chain may rest.
 */
export async function clockFindings(pool: Pool, clock: () => number, blockTime: number | null = null): Promise<ClockFinding[]> {
  const findings: ClockFinding[] = []
  const difference = await clockDifference(pool, clock)
  if (!isBearable(difference)) findings.push({ detail: `The database's clock differs from this machine's by ${difference} s`, mend })
  const { at } = await readHead(pool)
  const future = at - clock() - Math.max(0, difference)
  if (!isBearable(Math.max(0, future)))
    findings.push({
      detail: `The log's newest entry is ${future} s in the future: a clock went back, or was ahead when it was written`,
      mend,
    })
  if (blockTime !== null && blockTime - clock() > chainAhead)
    findings.push({ detail: `The chain's newest block is ${blockTime - clock()} s in the future`, mend })
  return findings
}
