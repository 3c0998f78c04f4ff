import type { Db, Tx } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { diplomasOfHolder } from './diplomasTable.ts'
import { openDiploma } from './readDiploma.ts'

/** What the register of diplomas holds about a person (index of their personal number), in clear, for answering that person. */
export async function exportHolderData(db: Db, cipher: FieldCipher, personIndex: Buffer): Promise<Record<string, unknown>[]> {
  return (await diplomasOfHolder(db, personIndex)).map(row => {
    const { claims, issuerCode, endedAs, decision, issuedAt, expiresAt } = openDiploma(cipher, row)
    const { status: _status, document, ...data } = claims.diploma
    return {
      ref: row.ref.toString('base64url'),
      issuer: issuerCode,
      ...data,
      document: document ? Buffer.from(document).toString('hex') : null,
      expiresAt: expiresAt?.toISOString() ?? null,
      registeredAt: issuedAt.toISOString(),
      endedAs,
      decision,
    }
  })
}

/**
 * Takes a person's number from their diplomas and from what was decided about them. The register itself, names and numbers of diplomas,
 * stays: keeping it is the issuer's duty.
 */
export async function eraseHolderNumber(cipher: FieldCipher, tx: Tx, personIndex: Buffer): Promise<void> {
  await tx.query('update diplomas set holder_number = null, holder_index = null where holder_index = $1', [personIndex])
  const { rows: items } = await tx.query<{ requestId: string; seq: number; claims: Buffer }>(
    `select request_id as "requestId", seq, claims from request_items
     where person_index = $1 and state not in ('pending', 'approved') for update`,
    [personIndex],
  )
  const bare = items.map(({ claims, ...item }) => {
    const { holderNumber: _gone, ...rest } = JSON.parse(cipher.open(claims).toString('utf8')) as Record<string, unknown>
    return { ...item, claims: cipher.seal(JSON.stringify(rest)) }
  })
  await tx.query(
    `update request_items i set claims = n.claims, person_index = null
     from unnest($1::uuid[], $2::int[], $3::bytea[]) as n(request_id, seq, claims) where i.request_id = n.request_id and i.seq = n.seq`,
    [bare.map(item => item.requestId), bare.map(item => item.seq), bare.map(item => item.claims)],
  )
}
