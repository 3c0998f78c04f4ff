import { createHash } from 'node:crypto'
import { canonicalJson } from '../../core/encoding/canonicalJson.ts'
import type { ServiceKey } from '../service-keys/serviceKey.ts'
import type { FieldMatch } from './compareFields.ts'

/** What one line of a checked list came to; nothing about the holder. */
export interface SheetRow {
  readonly row: number
  /** What was typed, or the start of the file's digest. */
  readonly subject: string
  readonly outcome: string
  readonly ref: string | null
  readonly decision: string | null
  /** Of a line that matches in part: how each given field stands to the register. */
  readonly fields?: Readonly<Record<string, FieldMatch>> | undefined
}

/** What the service signs of a checked list: when, by whom, on which state of the log, and the digest of all its rows. Times in seconds. */
export interface SheetStatement {
  readonly v: 1
  readonly type: 'result-sheet'
  readonly host: string
  readonly at: number
  readonly checkedBy: string
  /** Whether `checkedBy` is who had signed in, or only what somebody typed. */
  readonly signedIn: boolean
  readonly log: { readonly size: number; readonly rootHash: string } | null
  readonly rows: number
  readonly counts: Readonly<Record<string, number>>
  /** SHA-256, base64url, of the canonical JSON of the rows. */
  readonly resultDigest: string
}

export interface SignedSheet {
  readonly statement: SheetStatement
  readonly rows: readonly SheetRow[]
  readonly keyId: string
  /** Ed25519 over the canonical JSON (RFC 8785) of the statement, base64url. */
  readonly signature: string
}

export function signSheet(
  input: Pick<SheetStatement, 'host' | 'at' | 'checkedBy' | 'signedIn' | 'log'> & { rows: readonly SheetRow[] },
  key: ServiceKey,
): SignedSheet {
  const { rows, ...facts } = input
  const counts: Record<string, number> = {}
  for (const { outcome } of rows) counts[outcome] = (counts[outcome] ?? 0) + 1
  const statement: SheetStatement = { v: 1, type: 'result-sheet', ...facts, rows: rows.length, counts, resultDigest: digestOf(rows) }
  const signature = Buffer.from(key.sign(Buffer.from(canonicalJson(statement)))).toString('base64url')
  return { statement, rows, keyId: key.keyId, signature }
}

export function digestOf(rows: readonly SheetRow[]): string {
  return createHash('sha256').update(canonicalJson(rows)).digest('base64url')
}
