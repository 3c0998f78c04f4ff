import type { Pool } from 'pg'
import type { CountsStore } from './keptCounts.ts'

/** Slow counts of the overview by agency, shared by all processes. */
export function keptCountsTable<T>(pool: Pool): CountsStore<T> {
  return {
    async read(agency) {
      const { rows } = await pool.query<{ value: T; age: number; cost: number }>(
        `select counts as value, greatest(extract(epoch from now() - counted_at) * 1000, 0)::float8 as age, cost_ms as cost
         from overview_counts where agency_code = $1`,
        [agency],
      )
      return rows[0] ?? null
    },
    async write(agency, value, cost) {
      await pool.query(
        `insert into overview_counts (agency_code, counts, counted_at, cost_ms) values ($1, $2, now(), $3)
         on conflict (agency_code) do update set counts = excluded.counts, counted_at = excluded.counted_at, cost_ms = excluded.cost_ms`,
        [agency, JSON.stringify(value), cost],
      )
    },
  }
}
