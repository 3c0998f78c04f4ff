import { decodeBase64url, encodeBase64url } from '../../core/encoding/base64url.ts'
import { endOfVietnamDay } from '../../core/encoding/vietnamDay.ts'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { inTransaction } from '../db/transaction.ts'
import { createRequest, type Warning } from '../requests/createRequest.ts'
import { assertSigningCertificate, certificateFacts } from './certificateFacts.ts'
import { compromiseEffect } from './compromiseKey.ts'
import type { KeyDeps } from './createKey.ts'
import { endorsementClaims } from './endorseKey.ts'
import { signEndorsement } from './endorsement.ts'
import type { FieldCipher } from './fieldCipher.ts'
import { honestLogState } from './honestLogState.ts'
import type { ClaimsOf, KeyChangeClaims } from './keyChangeClaims.ts'
import type { StoredKey } from './keyStore.ts'
import { insertPendingKey, type KeyRow, keyExists, readKey } from './keysTable.ts'
import { windowOfToken, windowWithin } from './keyWindow.ts'
import { openPkcs12InThread } from './openPkcs12InThread.ts'
import { openedSigner } from './pkcs12.ts'
import { endorserChain } from './registeredEndorser.ts'
import type { KeyUse } from './signer.ts'

/** A PKCS#12 file and what opens it. Neither is kept. */
interface Pkcs12 {
  file: Uint8Array
  passphrase: string
}

/** A change of an agency's keys that somebody asks for. `notAfter` is a day of Vietnam, `kid` b64u, `lastHonest` seconds or a size of the log. */
export type KeyChange =
  | { action: 'create'; agency: AgencyCode; use: Exclude<KeyUse, 'document'>; notAfter: string; tokenLabel?: string | undefined }
  | ({ action: 'import'; agency: AgencyCode } & Pkcs12)
  /** A key that is on a token already; `id` hex. Without a certificate it needs `notAfter`. */
  | { action: 'adopt'; agency: AgencyCode; use: KeyUse; tokenLabel: string; id: string; notAfter?: string | undefined }
  /** By a document key that is registered here (its kid), or by a PKCS#12 file. */
  | { action: 'endorse'; kid: string; by: string | Pkcs12 }
  | { action: 'retire'; kid: string }
  | { action: 'compromise'; kid: string; lastHonest: number | { logSize: number } }

export interface KeyChangeDeps extends KeyDeps {
  cipher: FieldCipher
  /** The log's origin. */
  logOrigin: string
}

interface Shown {
  claims: KeyChangeClaims
  warnings?: Warning[]
  /** PEM of the private key that waits, encrypted under the key store's passphrase. */
  pem?: string
}

const soon = 60 * 86_400

/**
 * Asks for a change; what it would affect is in the claims that the second person is shown. A key that comes in as PKCS#12 is opened and
 * checked at once and waits sealed. Throws `key.not-found`, `key.window`, `key.retired`, `key.conflict`, `key.certificate`, `key.weak`, and what
 * opening a PKCS#12 file or a token throws.
 */
export async function requestKeyChange(
  deps: KeyChangeDeps,
  input: { maker: { sub: string; name: string }; change: KeyChange; reason?: string },
): Promise<string> {
  const { claims, warnings = [], pem } = await shownChange(deps, input.change)
  return inTransaction(deps.pool, async tx => {
    const id = await createRequest(tx, deps.cipher, {
      kind: 'key.change',
      agency: claims.agency,
      maker: input.maker,
      detail: { action: claims.action, use: claims.use },
      reason: input.reason,
      items: [{ claims, warnings }],
    })
    if (pem !== undefined) await insertPendingKey(tx, id, deps.cipher.seal(pem))
    return id
  })
}

async function shownChange(deps: KeyChangeDeps, change: KeyChange): Promise<Shown> {
  switch (change.action) {
    case 'create': {
      if (endOfVietnamDay(change.notAfter) <= deps.clock()) throw new AppError('key.window')
      const { tokenLabel, ...rest } = change
      return { claims: { ...rest, ...(tokenLabel === undefined ? {} : { tokenLabel }) } }
    }
    case 'import': {
      const { pem, signer, x5c } = await deps.store.sealPkcs12(change.file, change.passphrase, 'document')
      const window = windowWithin(deps, {}, x5c[0])
      const claims = { action: 'import', agency: change.agency, use: 'document', ...(await identityOf(deps, signer)), ...window } as const
      return { claims: { ...claims, ...shownCertificate(x5c), x5c: [...x5c] }, warnings: warningsOf(deps, x5c), pem }
    }
    case 'adopt': {
      const { agency, use, tokenLabel, id, notAfter } = change
      const { signer, x5c } = await deps.store.adopt(tokenLabel, id, use)
      const window = windowOfToken(deps, { use, ...(notAfter === undefined ? {} : { notAfter: endOfVietnamDay(notAfter) }) }, x5c)
      const claims = { action: 'adopt', agency, use, tokenLabel, id, ...(await identityOf(deps, signer)), ...window } as const
      return x5c.length === 0 ? { claims } : { claims: { ...claims, ...shownCertificate(x5c) }, warnings: warningsOf(deps, x5c) }
    }
    case 'endorse':
      return { claims: await shownEndorsement(deps, await usableKey(deps, change.kid), change.by) }
    case 'retire': {
      const { agency, use } = await usableKey(deps, change.kid)
      return { claims: { action: 'retire', agency, use, kid: change.kid } }
    }
    case 'compromise': {
      const bytes = decodeBase64url(change.kid)
      const { agency, use } = await readKey(deps.pool, bytes)
      const state = await honestLogState(deps.pool, { origin: deps.logOrigin, at: deps.clock(), lastHonest: change.lastHonest })
      const { lost } = await compromiseEffect(deps.pool, bytes, state)
      const { origin, logSize, rootHash } = state
      return { claims: { action: 'compromise', agency, use, kid: change.kid, origin, logSize, rootHash, lost } }
    }
  }
}

/** With a file the endorsement is signed now, so that the file's key is never kept; with a registered key when two people agree. */
async function shownEndorsement(deps: KeyChangeDeps, key: KeyRow, by: string | Pkcs12): Promise<ClaimsOf<'endorse'>> {
  const { thumbprint, use, notBefore, notAfter, agency: keyAgency } = key
  const subject = { use, kid: encodeBase64url(key.kid), thumbprint: encodeBase64url(thumbprint), notBefore, notAfter, keyAgency }
  if (typeof by === 'string') {
    const endorser = await readKey(deps.pool, decodeBase64url(by))
    const { chain: _, ...certificate } = shownCertificate(endorserChain(endorser, deps.clock()))
    return { action: 'endorse', agency: endorser.agency, ...subject, ...certificate, by }
  }
  const signer = openedSigner(await openPkcs12InThread(by.file, by.passphrase), 'endorsement')
  assertSigningCertificate(signer.x5c[0], deps.clock())
  const { jws } = await signEndorsement(endorsementClaims(key), signer)
  const { chain: _, ...certificate } = shownCertificate(signer.x5c)
  return { action: 'endorse', agency: keyAgency, ...subject, ...certificate, jws }
}

async function usableKey({ pool }: KeyChangeDeps, kid: string): Promise<KeyRow> {
  const key = await readKey(pool, decodeBase64url(kid))
  if (key.retiredAt !== null || key.compromise !== null) throw new AppError('key.retired')
  return key
}

async function identityOf({ pool }: KeyChangeDeps, { kid, thumbprint }: StoredKey['signer']) {
  if (await keyExists(pool, kid)) throw new AppError('key.conflict')
  return { kid: encodeBase64url(kid), thumbprint: encodeBase64url(thumbprint) }
}

function shownCertificate(x5c: readonly string[]) {
  const { subject, issuer, serial, key, fingerprint, chain } = certificateFacts(x5c)
  return { subject, issuer, serial, key, fingerprint, chain: [...chain] }
}

/** What an approver should look at before saying yes. */
function warningsOf({ clock }: KeyChangeDeps, x5c: readonly string[]): Warning[] {
  const { isSelfSigned, validUntil } = certificateFacts(x5c)
  return [
    ...(isSelfSigned ? [{ code: 'certificate.self-signed' }] : []),
    ...(validUntil - clock() < soon ? [{ code: 'certificate.ends-soon' }] : []),
  ]
}
