import type { Pool } from 'pg'
import type { AgencyTree } from '../agencies/agencyTree.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'

/** What the import of people and agencies uses. */
export interface ImportDeps {
  pool: Pool
  cipher: FieldCipher
  agencies: AgencyTree
  /** Seconds. */
  clock: () => number
}

/** Thrown inside a job when somebody cancelled the import meanwhile. */
export class ImportCancelled extends Error {}

/**
 * Whether trying again may help: a lost connection, a deadlock, a database that is starting or full of connections (SQLSTATE
 * classes 08, 40, 53, 57). A connection that breaks between two statements has only a message.
 */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as { code?: unknown }
  if (typeof code === 'string' && /^(08|40|53|57)|^E(CONN|PIPE|TIMEDOUT)/.test(code)) return true
  return /connection (terminated|error|timeout)|not queryable|timeout exceeded when trying to connect/i.test(error.message)
}
