import type { Db } from '../db/transaction.ts'

/** Takes a key for a request that begins now; false when another holds it. One that has no answer after `abandonedAfter` ms, or is a day old, is taken over. */
export async function claimKey(db: Db, owner: string, key: string, digest: Buffer, abandonedAfter: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into idempotency_keys (owner, key, request_digest) values ($1, $2, $3)
     on conflict (owner, key) do update set request_digest = $3, answer = null, created_at = now()
       where (idempotency_keys.answer is null and idempotency_keys.created_at < now() - make_interval(secs => $4))
          or idempotency_keys.created_at < now() - interval '1 day'`,
    [owner, key, digest, abandonedAfter / 1000],
  )
  return rowCount === 1
}

/** The request and sealed answer of a key; the answer is null while it runs. */
export async function readKey(db: Db, owner: string, key: string): Promise<{ digest: Buffer; answer: Buffer | null } | null> {
  const { rows } = await db.query<{ digest: Buffer; answer: Buffer | null }>(
    'select request_digest as digest, answer from idempotency_keys where owner = $1 and key = $2',
    [owner, key],
  )
  return rows[0] ?? null
}

export async function storeAnswer(db: Db, owner: string, key: string, answer: Buffer): Promise<void> {
  await db.query('update idempotency_keys set answer = $3 where owner = $1 and key = $2', [owner, key, answer])
}

/** Lets go of a key whose request failed: the same one may be tried again. */
export async function releaseKey(db: Db, owner: string, key: string): Promise<void> {
  await db.query('delete from idempotency_keys where owner = $1 and key = $2 and answer is null', [owner, key])
}

/** Forgets keys that are more than a day old. */
export async function dropOldKeys(db: Db): Promise<void> {
  await db.query("delete from idempotency_keys where created_at < now() - interval '1 day'")
}
