import type pg from 'pg'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { AuditActor } from '../audit/auditTable.ts'
import type { Tx } from '../db/transaction.ts'
import { addKey } from './addKey.ts'
import type { KeyStore } from './keyStore.ts'
import type { KeyRow } from './keysTable.ts'
import { windowOf, windowOfToken, windowWithin } from './keyWindow.ts'
import type { KeyUse } from './signer.ts'

export interface KeyDeps {
  pool: pg.Pool
  store: KeyStore
  /** Seconds. */
  clock: () => number
}

/** What has to commit with a change of a key, before its entry is appended. */
export type CommitWith = (tx: Tx) => Promise<void>

/** Whose key, what for, and from when to when it may sign (seconds, both ends included). */
export interface KeyWindow {
  agency: AgencyCode
  use: KeyUse
  /** Now when left out. */
  notBefore?: number | undefined
  notAfter: number
}

/**
 * Makes a P-256 key for an agency, in an encrypted file or on the token of this label; `key.added` commits with its row. It signs nothing
 * before the trust office has published it and the waiting time is over. Throws `key.window`, `key.wrong-use` for documents, whose keys
 * come with a certificate.
 */
export async function createKey(
  deps: KeyDeps,
  input: KeyWindow & { tokenLabel?: string | undefined },
  actor: AuditActor,
  commitWith?: CommitWith,
): Promise<KeyRow> {
  if (input.use === 'document') throw new AppError('key.wrong-use', 'A key for documents is brought in with its certificate (import-p12)')
  const window = windowOf(deps, input)
  return addKey(
    deps,
    { ...input, ...window },
    await deps.store.create(input.use, `${input.agency} ${input.use}`, input.tokenLabel),
    actor,
    commitWith,
  )
}

/**
 * Brings in the key of a PKCS#12 file with its certificate: RSA or EC for documents, EC for the other uses. Its window lies within the
 * certificate's. Throws `key.pkcs12`, `key.passphrase`, `key.wrong-use`, `key.certificate`, `key.weak`, `key.window`, `key.conflict`.
 */
export async function importPkcs12Key(
  deps: KeyDeps,
  input: Omit<KeyWindow, 'notAfter'> & { notAfter?: number | undefined; file: Uint8Array; passphrase: string },
  actor: AuditActor,
): Promise<KeyRow> {
  const sealed = await deps.store.sealPkcs12(input.file, input.passphrase, input.use)
  const window = windowWithin(deps, input, sealed.x5c[0])
  return addKey(deps, { ...input, ...window }, await deps.store.keepSealed(sealed, input.use), actor)
}

/**
 * Uses a key that is on a token already, with its certificate there, by the hex of its CKA_ID. Throws `key.pkcs11`, `key.window`,
 * `key.conflict`, `key.certificate` for a document key without certificate.
 */
export async function adoptTokenKey(
  deps: KeyDeps,
  input: Omit<KeyWindow, 'notAfter'> & { notAfter?: number | undefined; tokenLabel: string; id: string },
  actor: AuditActor,
): Promise<KeyRow> {
  const stored = await deps.store.adopt(input.tokenLabel, input.id, input.use)
  return addKey(deps, { ...input, ...windowOfToken(deps, input, stored.x5c) }, stored, actor)
}
