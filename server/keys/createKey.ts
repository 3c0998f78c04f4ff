import type pg from 'pg'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { type AuditActor, recordAudit } from '../audit/auditTable.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { appendEntries } from '../log/appendEntries.ts'
import { certificateWindow } from './certificateWindow.ts'
import type { KeyStore, StoredKey } from './keyStore.ts'
import { insertKey, type KeyRow, readKey } from './keysTable.ts'
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
 * certificate's. Throws `key.pkcs12`, `key.wrong-use`, `key.window`, `key.conflict`.
 */
export async function importPkcs12Key(
  deps: KeyDeps,
  input: Omit<KeyWindow, 'notAfter'> & { notAfter?: number | undefined; file: Uint8Array; passphrase: string },
  actor: AuditActor,
): Promise<KeyRow> {
  const stored = await deps.store.importPkcs12(input.file, input.passphrase, input.use)
  return addKey(deps, { ...input, ...windowWithin(deps, input, stored.x5c[0]!) }, stored, actor)
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
  const [leaf] = stored.x5c
  if (!leaf && (input.use === 'document' || input.notAfter === undefined))
    throw new AppError('key.certificate', 'The token holds no certificate of the key')
  const window = leaf ? windowWithin(deps, input, leaf) : windowOf(deps, { ...input, notAfter: input.notAfter! })
  return addKey(deps, { ...input, ...window }, stored, actor)
}

async function addKey(
  deps: KeyDeps,
  key: Required<Pick<KeyRow, 'agency' | 'use' | 'notBefore' | 'notAfter'>>,
  stored: StoredKey,
  actor: AuditActor,
  commitWith?: CommitWith,
): Promise<KeyRow> {
  const { agency, use, notBefore, notAfter } = key
  const { signer, form, location, x5c } = stored
  const kid = Buffer.from(signer.kid)
  const added = inTransaction(deps.pool, async tx => {
    const row = {
      kid,
      thumbprint: Buffer.from(signer.thumbprint),
      agency,
      use,
      jwk: signer.jwk,
      form,
      location,
      x5c: [...x5c],
      notBefore,
      notAfter,
    }
    await commitWith?.(tx)
    await insertKey(tx, row)
    const names = { agency, kid: encodeBase64url(kid), thumbprint: encodeBase64url(signer.thumbprint), use }
    const [leaf] = await appendEntries(tx, [{ type: 'key.added', ...names, notBefore, notAfter }])
    await recordAudit(tx, {
      actor,
      action: 'key.added',
      agency,
      subject: `key:${names.kid}`,
      detail: { use, form, notBefore, notAfter },
      leafIndex: leaf!.leafIndex,
    })
  })
  await added.catch(async error => {
    // What fails after COMMIT was sent may still have been committed: the key goes only when its row is not there.
    if (error instanceof AppError) await deps.store.discard(stored)
    throw error
  })
  return readKey(deps.pool, kid)
}

function windowOf({ clock }: KeyDeps, { notBefore = clock(), notAfter }: { notBefore?: number | undefined; notAfter: number }) {
  if (notAfter <= notBefore || notAfter <= clock()) throw new AppError('key.window')
  return { notBefore, notAfter }
}

function windowWithin(deps: KeyDeps, wanted: { notBefore?: number | undefined; notAfter?: number | undefined }, certificate: string) {
  const window = certificateWindow(certificate)
  const notBefore = Math.max(wanted.notBefore ?? deps.clock(), window.notBefore)
  return windowOf(deps, { notBefore, notAfter: Math.min(wanted.notAfter ?? window.notAfter, window.notAfter) })
}
