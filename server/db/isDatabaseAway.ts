/** Classes of SQLSTATE (the first two characters): no connection, not let in, out of resources, stopped by an operator, failures around PostgreSQL. */
const classes = new Set(['08', '28', '53', '57', '58'])
/** A server that only reads (after a failover), an idle transaction ended, a database that is not there, and two that lost against another transaction. */
const states = new Set(['25006', '25P03', '3D000', '40001', '40P01'])
/** A database that takes no connections, and a pooler's refusal: away when the connection ends with it. Of a statement they say that it is wrong. */
const onlyFatal = new Set(['08P01', '55000'])
const systemCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'])
/** What pg and pg-pool say without a code, and `dropSilent`. */
const sentences =
  /^(Connection terminated|timeout expired|timeout exceeded when trying to connect|Client (has encountered a connection error|was closed) and is not queryable|Cannot use a pool after calling end on the pool|the database is silent)/

/** Whether something thrown says that the database cannot answer now, and may when asked again: it is stopped, starts, is full, or lost the connection. */
export function isDatabaseAway(error: unknown): boolean {
  const { code, message, severity } = (error ?? {}) as { code?: unknown; message?: unknown; severity?: unknown }
  if (typeof code !== 'string') return typeof message === 'string' && sentences.test(message)
  if (onlyFatal.has(code)) return severity === 'FATAL'
  return systemCodes.has(code) || states.has(code) || (/^[0-9A-Z]{5}$/.test(code) && classes.has(code.slice(0, 2)))
}
