import pg from 'pg'

// bigint columns hold leaf indices and counters, far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

/** A connection pool; times are UTC, bytea is Buffer, bigint is number. Idle connections that break are dropped, not thrown. */
export function createPool(url: string, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 16,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    application_name: 'antin',
    options: '-c timezone=UTC -c statement_timeout=60000 -c idle_in_transaction_session_timeout=60000',
    ...options,
  })
  pool.on('error', () => {})
  pool.on('connect', client => client.on('error', () => {}))
  return pool
}
