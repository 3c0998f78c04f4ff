import { anchoringState } from './anchoring/anchoringState.ts'
import { clockDifference } from './db/clockDifference.ts'
import type { Installation } from './installation.ts'
import type { Task } from './jobs/worker.ts'
import { readComparison } from './log/comparisonTable.ts'
import { readHead } from './log/logTable.ts'
import { clockFindings } from './operations/clockFindings.ts'
import { createMetrics, type Metrics } from './operations/metrics.ts'
import { readListDelays } from './operations/operationsTable.ts'
import type { ReadinessCheck } from './operations/readiness.ts'
import { forgetWhatIsPast } from './operations/retention.ts'
import type { Traces } from './operations/traces.ts'
import { trustFindings } from './trust/trustFindings.ts'
import type { Verifier } from './verification/createVerifier.ts'

/** What operators watch of an installation. */
export function composeMetrics({ pool, config, clock }: Installation): Metrics {
  return createMetrics({
    pool,
    log: async () => {
      const now = clock()
      const { anchored, unanchored, waitingSince } = await anchoringState(pool, config.CHAIN !== 'none', now)
      const { range, closed } = await readHead(pool)
      const { age } = await readComparison(pool)
      return {
        size: range.size,
        closed: closed !== null,
        comparedSeconds: age,
        unanchored,
        anchorWaitSeconds: waitingSince === null ? 0 : Math.max(0, now - waitingSince),
        anchorAgeSeconds: anchored && now - anchored.time,
      }
    },
    clockDifference: () => clockDifference(pool, clock),
    amberInSeconds: async () => (await trustFindings(pool, clock()))[0]?.amberInSeconds ?? null,
  })
}

/** Seconds for which verifiers take a status list (formats 3). */
const listLifetime = 900

/** What /readyz looks at. */
export function readinessChecks({ pool, config, clock }: Installation): ReadinessCheck[] {
  return Object.values({
    async database() {
      await pool.query('select 1')
      return { name: 'database', ok: true, detail: '' }
    },
    async anchoring() {
      const { ok, state, detail, late } = await anchoringState(pool, config.CHAIN !== 'none')
      return { name: 'anchoring', isBearable: true, ok: ok && !late, detail: ok && !late ? '' : `${state}: ${detail}` }
    },
    async trust() {
      const [worst] = await trustFindings(pool, clock())
      const { detail = '', mend = '', amberInSeconds } = worst ?? {}
      return { name: 'trust', isBearable: true, ok: worst?.level !== 'fault', detail: `${detail} ${mend}`.trim(), amberInSeconds }
    },
    async log() {
      const { closed } = await readHead(pool)
      if (closed === null) return { name: 'log', ok: true, detail: '' }
      // Status lists are not signed either: verifiers take the last ones for a while.
      const amberInSeconds = Math.max(0, Math.round(listLifetime - (await readListDelays(pool)).tokenAge))
      return { name: 'log', isBearable: true, ok: false, detail: `Nothing is issued: ${closed}`, amberInSeconds }
    },
    async clock() {
      const [wrong] = await clockFindings(pool, clock)
      return { name: 'clock', isBearable: true, ok: !wrong, detail: wrong ? `${wrong.detail}. ${wrong.mend}` : '' }
    },
  })
}

/** The verifier, with its verdicts counted and its work traced. */
export function observed(verifier: Verifier, metrics: Metrics, traces: Traces): Verifier {
  return {
    ...verifier,
    verify: (input, policy) =>
      traces.trace('verify', 'internal', async () => {
        const report = await verifier.verify(input, policy)
        metrics.verified(report.credential?.kind ?? 'unknown', report.verdict)
        return report
      }),
  }
}

/** Jobs that no feature owns, and their hours (UTC). */
export function operationTasks({ pool, clock, config }: Installation): { tasks: Record<string, Task>; crontab: string } {
  const rules = {
    auditMonths: config.RETAIN_AUDIT_MONTHS,
    importRowDays: config.RETAIN_IMPORT_ROWS_DAYS,
    lookupDays: config.RETAIN_LOOKUP_DAYS,
  }
  return { tasks: { forget: () => forgetWhatIsPast({ pool, clock }, rules) }, crontab: '23 * * * * forget' }
}

/** Tasks that each run in a span of their own. */
export function tracedTasks(traces: Traces, tasks: Record<string, Task>): Record<string, Task> {
  return Object.fromEntries(
    Object.entries(tasks).map(([name, task]): [string, Task] => [
      name,
      payload => traces.trace(`job ${name}`, 'consumer', () => task(payload)),
    ]),
  )
}
