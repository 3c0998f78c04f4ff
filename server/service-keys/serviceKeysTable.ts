import type { Db } from '../db/transaction.ts'

export type ServiceKeyUse = 'webhook' | 'result-sheet'

/** Keeps a first key of this use, or the one that is there already, and answers the one that counts; `sealed` PKCS#8, `publicKey` 32 bytes. */
export async function firstServiceKey(
  db: Db,
  use: ServiceKeyUse,
  fresh: { sealed: Buffer; publicKey: Buffer },
): Promise<{ sealed: Buffer; publicKey: Buffer }> {
  await db.query('insert into service_keys (use, private, public) values ($1, $2, $3) on conflict do nothing', [
    use,
    fresh.sealed,
    fresh.publicKey,
  ])
  const { rows } = await db.query<{ sealed: Buffer; publicKey: Buffer }>(
    'select private as sealed, public as "publicKey" from service_keys where use = $1',
    [use],
  )
  return rows[0]!
}
