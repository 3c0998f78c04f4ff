import type { P256Jwk } from '../../core/crypto/coreCrypto.ts'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { RsaJwk } from '../../core/trust/jwkThumbprint.ts'
import type { Compromise } from '../../core/trust/trustSchema.ts'
import type { Db, Tx } from '../db/transaction.ts'
import type { KeyUse } from './signer.ts'

/** Where a private key is: an encrypted file below ANTIN_HOME/keys, or an object of a PKCS#11 token. */
export type KeyForm = 'file' | 'pkcs11'

/** A key of an agency. Times in seconds; `kid` 8 bytes, `thumbprint` 32. */
export interface KeyRow {
  kid: Buffer
  thumbprint: Buffer
  agency: AgencyCode
  use: KeyUse
  jwk: P256Jwk | RsaJwk
  form: KeyForm
  location: string
  /** Base64 of DER, leaf first, no root; empty until the trust office certified the key. */
  x5c: string[]
  notBefore: number
  notAfter: number
  /** When a trust slice named the key for the first time; null before. */
  servedAt: number | null
  retiredAt: number | null
  compromise: Compromise | null
  /** Digest (32 bytes) of the newest endorsement. */
  endorsement: Buffer | null
}

export type NewKey = Omit<KeyRow, 'servedAt' | 'retiredAt' | 'compromise' | 'endorsement'>

const columns = `k.kid, k.thumbprint, k.agency_code as agency, k.use, k.jwk, k.form, k.location, k.x5c,
  extract(epoch from k.not_before)::bigint as "notBefore", extract(epoch from k.not_after)::bigint as "notAfter",
  extract(epoch from k.served_at)::bigint as "servedAt", extract(epoch from k.retired_at)::bigint as "retiredAt", k.compromise,
  (select digest from endorsements e where e.kid = k.kid order by e.created_at desc, e.digest limit 1) as endorsement`

/** All keys, those of one agency, or of one use, oldest first. */
export async function readKeys(db: Db, filter: { agency?: string | undefined; use?: KeyUse | undefined } = {}): Promise<KeyRow[]> {
  const { rows } = await db.query<KeyRow>(
    `select ${columns} from signing_keys k
     where ($1::text is null or k.agency_code = $1) and ($2::text is null or k.use = $2)
     order by k.not_before, k.created_at, k.kid`,
    [filter.agency ?? null, filter.use ?? null],
  )
  return rows
}

/** The key with this id (8 bytes). Throws `key.not-found`. */
export async function readKey(db: Db, kid: Uint8Array): Promise<KeyRow> {
  const { rows } = await db.query<KeyRow>(`select ${columns} from signing_keys k where k.kid = $1`, [kid])
  if (!rows[0]) throw new AppError('key.not-found')
  return rows[0]
}

/** Whether a key with this id is registered, whoever's it is. */
export async function keyExists(db: Db, kid: Uint8Array): Promise<boolean> {
  return (await db.query('select from signing_keys where kid = $1', [kid])).rowCount !== 0
}

/** The key, locked until the transaction ends. Throws `key.not-found`. */
export async function lockKey(tx: Tx, kid: Uint8Array): Promise<KeyRow> {
  await tx.query('select 1 from signing_keys where kid = $1 for update', [kid])
  return readKey(tx, kid)
}

/** Rises with every change of a key. */
export async function readKeyRevision(db: Db): Promise<number> {
  const { rows } = await db.query<{ revision: number }>('select revision from signing_key_revision')
  return rows[0]!.revision
}

const foreignKeyViolation = '23503'

/** Adds a key. Throws `key.conflict` when it is there already, `agency.not-found` when there is no such agency. */
export async function insertKey(tx: Tx, key: NewKey): Promise<void> {
  const insert = tx.query(
    `insert into signing_keys (kid, thumbprint, agency_code, use, jwk, form, location, x5c, not_before, not_after)
     values ($1, $2, $3, $4, $5, $6, $7, $8, to_timestamp($9), to_timestamp($10)) on conflict do nothing`,
    [key.kid, key.thumbprint, key.agency, key.use, key.jwk, key.form, key.location, JSON.stringify(key.x5c), key.notBefore, key.notAfter],
  )
  const { rowCount } = await insert.catch(cause => {
    throw cause?.code === foreignKeyViolation ? new AppError('agency.not-found', undefined, { cause }) : cause
  })
  if (rowCount !== 1) throw new AppError('key.conflict')
}

export async function updateRetired(tx: Tx, kid: Uint8Array, at: number): Promise<void> {
  await tx.query('update signing_keys set retired_at = to_timestamp($2) where kid = $1', [kid, at])
}

export async function updateCompromise(tx: Tx, kid: Uint8Array, compromise: Compromise): Promise<void> {
  await tx.query('update signing_keys set compromise = $2 where kid = $1', [kid, compromise])
}

/** Keeps the certificates of a key, base64 of DER, leaf first. */
export async function updateCertificates(tx: Tx, kid: Uint8Array, x5c: readonly string[]): Promise<void> {
  await tx.query('update signing_keys set x5c = $2 where kid = $1', [kid, JSON.stringify(x5c)])
}

/** Marks keys as named by a trust slice that is served from `at` (seconds) on. */
export async function updateServed(tx: Tx, kids: readonly Uint8Array[], at: number): Promise<void> {
  await tx.query('update signing_keys set served_at = to_timestamp($2) where kid = any($1) and served_at is null', [kids, at])
}

/** `digest` is SHA-256 of the endorsement's payload. */
export async function insertEndorsement(tx: Tx, kid: Uint8Array, digest: Uint8Array, jws: string): Promise<void> {
  await tx.query(
    `insert into endorsements (digest, kid, jws) values ($1, $2, $3)
     on conflict (digest) do update set jws = excluded.jws, created_at = now()`,
    [digest, kid, jws],
  )
  await tx.query('update signing_key_revision set revision = revision + 1')
}

/** The endorsement (compact JWS) with this payload digest (32 bytes), or undefined. */
export async function readEndorsement(db: Db, digest: Uint8Array): Promise<string | undefined> {
  const { rows } = await db.query<{ jws: string }>('select jws from endorsements where digest = $1', [digest])
  return rows[0]?.jws
}

/** The newest endorsement (compact JWS) of a key and when it was kept, or undefined. */
export async function readNewestEndorsement(db: Db, kid: Uint8Array): Promise<{ jws: string; at: Date } | undefined> {
  const { rows } = await db.query<{ jws: string; at: Date }>(
    'select jws, created_at as at from endorsements where kid = $1 order by created_at desc, digest limit 1',
    [kid],
  )
  return rows[0]
}

/** Keeps a sealed key until the request that brings it in is decided. */
export async function insertPendingKey(tx: Tx, requestId: string, sealed: Uint8Array): Promise<void> {
  await tx.query('insert into pending_keys (request_id, sealed) values ($1, $2)', [requestId, sealed])
}

/** The sealed key of a request that is not ended. */
export async function readPendingKey(db: Db, requestId: string): Promise<Buffer | undefined> {
  const { rows } = await db.query<{ sealed: Buffer }>('select sealed from pending_keys where request_id = $1', [requestId])
  return rows[0]?.sealed
}

/** How much a key signed, for whoever is about to retire it or call it compromised. */
export interface KeyReach {
  cards: number
  validCards: number
  diplomas: number
  validDiplomas: number
  statusLists: number
  /** Of cards and diplomas: entries in the log below `logSize`, which a compromise at that size leaves standing. */
  loggedBelow: number
}

/** Counts what depends on a key; `logSize` is the last honest size of the log. */
export async function readKeyReach(db: Db, kid: Uint8Array, logSize: number): Promise<KeyReach> {
  const { rows } = await db.query<KeyReach>(
    `select c.all as cards, c.valid as "validCards", d.all as diplomas, d.valid as "validDiplomas", c.below + d.below as "loggedBelow",
       (select count(*) from status_list_tokens t where t.kid = $1) as "statusLists"
     from (select count(*) as all, count(*) filter (where ended_as is null) as valid, count(*) filter (where leaf_index < $2) as below
           from cards where kid = $1) c,
          (select count(*) as all, count(*) filter (where ended_as is null) as valid, count(*) filter (where leaf_index < $2) as below
           from diplomas where kid = $1) d`,
    [kid, logSize],
  )
  return rows[0]!
}
