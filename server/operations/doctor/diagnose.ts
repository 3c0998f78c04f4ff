import type { Config } from '../../config.ts'
import { createPool } from '../../db/pool.ts'
import { databaseFindings } from './databaseFindings.ts'
import { filesFindings } from './filesFindings.ts'
import { type Finding, wrong } from './finding.ts'
import { networkFindings } from './networkFindings.ts'

/** Looks at an installation from the inside: files, settings, identity provider, database, keys, jobs, log, trust, chain. Changes nothing. */
export async function diagnose(config: Config, clock: () => number): Promise<Finding[]> {
  const findings = [...(await filesFindings(config, clock())), ...(await networkFindings(config))]
  if (!config.DATABASE_URL)
    return [...findings, wrong('database', 'DATABASE_URL names no database', 'Set DATABASE_URL, then run `antin migrate`')]
  const pool = createPool(config.DATABASE_URL, { max: 4, connectionTimeoutMillis: 5000 })
  try {
    return [...findings, ...(await databaseFindings(pool, config, clock))]
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string }
    return [
      ...findings,
      wrong('database', message || code, mendOf[code] ?? 'Check DATABASE_URL, and that PostgreSQL runs and lets this machine in'),
    ]
  } finally {
    await pool.end()
  }
}

/** By SQLSTATE or the system's code. */
const mendOf: Readonly<Record<string, string>> = {
  '28P01': 'The password in DATABASE_URL is not that of the role: correct it, or `alter role … password …`',
  '28000': 'pg_hba.conf does not let this role in from this machine',
  '3D000': 'Make the database: `create database … owner …`, then run `antin migrate`',
  '42501': 'The role must own the database and its tables',
  '42P01': 'The tables are not there yet: run `antin migrate`',
  '53300': 'All connections are taken: lower DATABASE_POOL or raise max_connections',
  '57P03': 'PostgreSQL is starting or stopping; ask again in a moment',
  ECONNREFUSED: 'PostgreSQL does not run at that address and port, or does not listen there (listen_addresses)',
  ENOTFOUND: 'The host name in DATABASE_URL does not resolve',
  ETIMEDOUT: 'Nothing answers at that address: a packet filter, or a wrong host',
}
