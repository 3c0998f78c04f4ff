import type { Db, Tx } from '../db/transaction.ts'

/** A one-time link for a card, by the SHA-256 of its token. */
export async function insertLink(db: Db, link: { tokenHash: Buffer; cardRef: Buffer; createdBy: string; expiresAt: Date }): Promise<void> {
  await db.query('insert into live_links (token_hash, card_ref, created_by, expires_at) values ($1, $2, $3, $4)', [
    link.tokenHash,
    link.cardRef,
    link.createdBy,
    link.expiresAt,
  ])
}

/** The card of a link that can still be used; null otherwise. */
export async function cardOfLink(db: Db, tokenHash: Buffer): Promise<{ cardRef: Buffer; createdBy: string } | null> {
  const { rows } = await db.query<{ cardRef: Buffer; createdBy: string }>(
    'select card_ref as "cardRef", created_by as "createdBy" from live_links where token_hash = $1 and used_at is null and expires_at > now()',
    [tokenHash],
  )
  return rows[0] ?? null
}

/** Uses a link up; false when another did so meanwhile. */
export async function useLink(tx: Tx, tokenHash: Buffer): Promise<boolean> {
  const { rowCount } = await tx.query(
    'update live_links set used_at = now() where token_hash = $1 and used_at is null and expires_at > now()',
    [tokenHash],
  )
  return rowCount === 1
}

export interface BindingRow {
  thumbprint: Buffer
  cardRef: Buffer
  binding: Buffer
  boundAt: Date
  expiresAt: Date
}

const columns = 'thumbprint, card_ref as "cardRef", binding, bound_at as "boundAt", expires_at as "expiresAt"'

/** Locks the card's row, so that only one binding is made at a time, and reads its binding. */
export async function lockBindingOfCard(tx: Tx, cardRef: Buffer): Promise<BindingRow | null> {
  await tx.query('select from cards where ref = $1 for update', [cardRef])
  return bindingOfCard(tx, cardRef)
}

/** The binding in force of a card, or null. */
export async function bindingOfCard(db: Db, cardRef: Buffer): Promise<BindingRow | null> {
  const { rows } = await db.query<BindingRow>(`select ${columns} from live_bindings where card_ref = $1 and unbound_at is null`, [cardRef])
  return rows[0] ?? null
}

/** The binding in force of a phone's key (thumbprint, 32 bytes), while its time runs; or null. */
export async function bindingOfKey(db: Db, thumbprint: Buffer): Promise<BindingRow | null> {
  const { rows } = await db.query<BindingRow>(
    `select ${columns} from live_bindings where thumbprint = $1 and unbound_at is null and expires_at > now()`,
    [thumbprint],
  )
  return rows[0] ?? null
}

/** False when this key was bound before: the log says of a key once that it was bound, and once that it is no more. */
export async function insertBinding(tx: Tx, row: Omit<BindingRow, 'boundAt'> & { leafIndex: number }): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into live_bindings (thumbprint, card_ref, binding, expires_at, leaf_index) values ($1, $2, $3, $4, $5)
     on conflict (thumbprint) do nothing`,
    [row.thumbprint, row.cardRef, row.binding, row.expiresAt, row.leafIndex],
  )
  return rowCount === 1
}

export async function endBinding(tx: Tx, thumbprint: Buffer, leafIndex: number): Promise<void> {
  await tx.query('update live_bindings set unbound_at = now(), unbound_leaf_index = $2 where thumbprint = $1', [thumbprint, leafIndex])
}
