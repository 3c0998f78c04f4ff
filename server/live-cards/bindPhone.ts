import { createHash, randomBytes } from 'node:crypto'
import type { Pool } from 'pg'
import { maxBindingLifetime, sealBinding } from '../../core/credential/liveBinding.ts'
import type { P256Jwk } from '../../core/crypto/coreCrypto.ts'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { bindingProofMessage, unbindingProofMessage } from '../../core/live/bindingProof.ts'
import type { EntryDraft } from '../../core/log/entry.ts'
import { jwkThumbprint } from '../../core/trust/jwkThumbprint.ts'
import { type AuditActor, recordAudit } from '../audit/auditTable.ts'
import { inTransaction } from '../db/transaction.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import type { SignerPool } from '../keys/signerPool.ts'
import { appendEntries } from '../log/appendEntries.ts'
import {
  type BindingRow,
  bindingOfKey,
  cardOfLink,
  endBinding,
  insertBinding,
  insertLink,
  lockBindingOfCard,
  useLink,
} from './liveCardsTable.ts'

/** A card as far as live cards need it. */
export interface BindableCard {
  readonly ref: Buffer
  readonly serial: string
  readonly issuer: AgencyCode
  readonly usingAgency: AgencyCode
  /** The COSE_Sign1. */
  readonly sealed: Uint8Array
  readonly expiresAt: Date
  readonly isActive: boolean
}

export interface LiveCardDeps {
  pool: Pool
  signers: Pick<SignerPool, 'signerFor'>
  cardByRef: (ref: Buffer) => Promise<BindableCard | null>
  isRestricted: (agency: AgencyCode) => boolean
  /** Origin of PUBLIC_URL. */
  publicUrl: string
  /** Seconds. */
  clock: () => number
}

const linkLifetime = 24 * 3600
const proofWindow = 300

/** A link, once and for 24 hours, that takes the live card of this card to the phone that opens it. The token is in the fragment, out of every log. */
export async function createLiveLink(
  deps: LiveCardDeps,
  card: BindableCard,
  actor: Exclude<AuditActor, 'system'>,
): Promise<{ url: string; expiresAt: Date }> {
  const token = randomBytes(16)
  const expiresAt = new Date((deps.clock() + linkLifetime) * 1000)
  await insertLink(deps.pool, { tokenHash: hashOf(token), cardRef: card.ref, createdBy: actor.sub, expiresAt })
  await recordAudit(deps.pool, { actor, action: 'live-card.link-made', agency: card.usingAgency, subject: `card:${card.serial}` })
  return { url: `${deps.publicUrl}/live-card#${encodeBase64url(token)}`, expiresAt }
}

/**
 * Binds the card of a link to a phone's key: uses the link up, ends the binding before it, logs both, and answers what the phone shows
 * from now on. `time` in seconds; `proof` is 64 bytes by the key over `bindingProofMessage`. Throws `live.link`, `live.key`, `card.ended.conflict`.
 */
export async function bindPhone(
  deps: LiveCardDeps,
  input: { token: Uint8Array; key: P256Jwk; time: number; proof: Uint8Array },
): Promise<{ sealed: Uint8Array; binding: Uint8Array; expiresAt: number }> {
  const { pool, clock } = deps
  const now = clock()
  const tokenHash = hashOf(input.token)
  const { host } = new URL(deps.publicUrl)
  const message = bindingProofMessage(host, tokenHash, input.time)
  const isProven = Math.abs(now - input.time) <= proofWindow && nodeCrypto.verifyEs256(input.key, message, input.proof)
  if (!isProven) throw new AppError('live.key')
  const link = await cardOfLink(pool, tokenHash)
  const card = link && (await deps.cardByRef(link.cardRef))
  if (!link || !card) throw new AppError('live.link')
  if (!card.isActive) throw new AppError('card.ended.conflict')
  const thumbprint = Buffer.from(await jwkThumbprint(input.key, nodeCrypto))
  const expiresAt = Math.min(now + maxBindingLifetime, Math.floor(card.expiresAt.getTime() / 1000))
  const signer = await deps.signers.signerFor(card.issuer, 'card', now)
  const claims = { ref: card.ref, holderKey: input.key, iat: now, exp: expiresAt }
  const binding = await sealBinding({ kid: signer.kid, binding: claims, sign: signer.sign })
  await inTransaction(pool, async tx => {
    if (!(await useLink(tx, tokenHash))) throw new AppError('live.link')
    const before = await lockBindingOfCard(tx, card.ref)
    const drafts: EntryDraft[] = [
      ...(before ? [entry(deps, card, 'holder.unbound', before.thumbprint)] : []),
      entry(deps, card, 'holder.bound', thumbprint),
    ]
    const leaves = await appendEntries(tx, drafts)
    if (before) await endBinding(tx, before.thumbprint, leaves[0]!.leafIndex)
    const leafIndex = leaves.at(-1)!.leafIndex
    const row = { thumbprint, cardRef: card.ref, binding: Buffer.from(binding), expiresAt: new Date(expiresAt * 1000), leafIndex }
    if (!(await insertBinding(tx, row)))
      throw new AppError('live.key', 'This key was bound before: the phone makes a new one for each link')
    const actor = { sub: link.createdBy, name: '' }
    await recordAudit(tx, { actor, action: 'live-card.bound', agency: card.usingAgency, subject: `card:${card.serial}`, leafIndex })
  })
  return { sealed: card.sealed, binding, expiresAt }
}

/** Ends the binding of a card; null when it has none. */
export async function unbindCard(deps: LiveCardDeps, card: BindableCard, actor: AuditActor): Promise<{ leafIndex: number } | null> {
  return inTransaction(deps.pool, async tx => {
    const row = await lockBindingOfCard(tx, card.ref)
    if (!row) return null
    const [leaf] = await appendEntries(tx, [entry(deps, card, 'holder.unbound', row.thumbprint)])
    const { leafIndex } = leaf!
    await endBinding(tx, row.thumbprint, leafIndex)
    await recordAudit(tx, { actor, action: 'live-card.unbound', agency: card.usingAgency, subject: `card:${card.serial}`, leafIndex })
    return { leafIndex }
  })
}

/** Ends the binding of a phone that proves to have its key. Throws `live.not-found`, `live.key`. */
export async function unbindPhone(deps: LiveCardDeps, input: { key: P256Jwk; time: number; proof: Uint8Array }): Promise<void> {
  const thumbprint = Buffer.from(await jwkThumbprint(input.key, nodeCrypto))
  const message = unbindingProofMessage(new URL(deps.publicUrl).host, thumbprint, input.time)
  const isProven = Math.abs(deps.clock() - input.time) <= proofWindow && nodeCrypto.verifyEs256(input.key, message, input.proof)
  if (!isProven) throw new AppError('live.key')
  const row: BindingRow | null = await bindingOfKey(deps.pool, thumbprint)
  const card = row && (await deps.cardByRef(row.cardRef))
  if (!card || !(await unbindCard(deps, card, { sub: `phone:${encodeBase64url(thumbprint)}`, name: '' })))
    throw new AppError('live.not-found')
}

function entry(deps: LiveCardDeps, card: BindableCard, type: 'holder.bound' | 'holder.unbound', thumbprint: Uint8Array): EntryDraft {
  const agency = deps.isRestricted(card.issuer) ? {} : { agency: card.issuer }
  return { type, ...agency, ref: encodeBase64url(card.ref), thumbprint: encodeBase64url(thumbprint) }
}

function hashOf(token: Uint8Array): Buffer {
  return createHash('sha256').update(token).digest()
}
