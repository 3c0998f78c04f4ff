import pg from 'pg'

// bigint columns hold leaf indices and counters, far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

// Of the database's end of each connection. One that is half-open is given up there within about a minute, with the locks it holds.
const settings = [
  'timezone=UTC',
  'statement_timeout=60000',
  'idle_in_transaction_session_timeout=60000',
  'tcp_keepalives_idle=30',
  'tcp_keepalives_interval=10',
  'tcp_keepalives_count=3',
]

/** A connection pool; times are UTC, bytea is Buffer, bigint is number. Idle connections that break are dropped, not thrown. */
export function createPool(url: string, options: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 16,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 30_000,
    application_name: 'antin',
    options: settings.map(setting => `-c ${setting}`).join(' '),
    ...options,
  })
  pool.on('error', () => {})
  pool.on('connect', client => client.on('error', () => {}))
  return pool
}
