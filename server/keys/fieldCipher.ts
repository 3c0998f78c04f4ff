import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto'
import { AppError } from '../../core/errors.ts'
import type { Db, Tx } from '../db/transaction.ts'
import { randomPool } from './randomPool.ts'

/**
 * Encryption at rest (AES-256-GCM) under data keys that a master key wraps, and the HMAC index for look-ups of what is
 * encrypted. Layout of a sealed value: version 1 (1 byte), data key id (4, big-endian), nonce (12), ciphertext, tag (16).
 */
export interface FieldCipher {
  seal(plain: Uint8Array | string): Buffer
  /** Throws `cipher.open` for a value that was changed, cut, or sealed under a key that is gone. */
  open(sealed: Uint8Array): Buffer
  /** HMAC-SHA-256, 32 bytes, of `text` under a key of its own for each purpose. */
  index(purpose: string, text: string): Buffer
}

const version = 1
const headerLength = 17
const tagLength = 16

/** A cipher that follows the data keys of the database. */
export interface KeptFieldCipher extends FieldCipher {
  /** Takes up data keys that were added or retired since; an outage leaves everything as it was. */
  refresh(): Promise<void>
}

/** Loads the data keys (making the first one) and unwraps them with the 32-byte master key. Throws `cipher.master-key` when it is another one. */
export async function createFieldCipher(db: Db, masterKey: Uint8Array): Promise<KeptFieldCipher> {
  await db.query('insert into data_keys (id, wrapped) values (1, $1) on conflict do nothing', [wrap(masterKey, 1, randomBytes(32))])
  let known = ''
  const load = async (): Promise<FieldCipher | null> => {
    const { rows } = await db.query<{ id: number; wrapped: Buffer; seals: boolean }>(
      'select id, wrapped, retired_at is null and seals_from <= now() as seals from data_keys order by id',
    )
    const state = rows.map(row => `${row.id}${row.seals}${row.wrapped.toString('hex')}`).join()
    if (state === known) return null
    const keys = new Map(rows.map(row => [row.id, unwrap(masterKey, row.id, row.wrapped)]))
    const current = (rows.filter(row => row.seals).at(-1) ?? rows.at(-1)!).id
    known = state
    // The index keys follow the first data key, so that rotation of data keys does not move the index.
    return cipherOf(keys, current, keys.get(rows[0]!.id)!)
  }
  let cipher = (await load())!
  return {
    seal: plain => cipher.seal(plain),
    open: sealed => cipher.open(sealed),
    index: (purpose, text) => cipher.index(purpose, text),
    async refresh() {
      cipher = (await load()) ?? cipher
    },
  }
}

/** Adds a data key that seals after so many seconds, so that every process knows it by then; `rotateDataKey` moves old values. Answers its id. */
export async function addDataKey(db: Db, masterKey: Uint8Array, afterSeconds = 0): Promise<number> {
  const { rows } = await db.query<{ id: number }>('select coalesce(max(id), 0) + 1 as id from data_keys')
  const id = rows[0]!.id
  await db.query('insert into data_keys (id, wrapped, seals_from) values ($1, $2, now() + make_interval(secs => $3))', [
    id,
    wrap(masterKey, id, randomBytes(32)),
    afterSeconds,
  ])
  return id
}

/** Wraps every data key with another master key, all or none. Throws `cipher.master-key` when `from` is not the one in use. */
export async function rewrapDataKeys(tx: Tx, from: Uint8Array, to: Uint8Array): Promise<number> {
  const { rows } = await tx.query<{ id: number; wrapped: Buffer }>('select id, wrapped from data_keys order by id for update')
  for (const { id, wrapped } of rows)
    await tx.query('update data_keys set wrapped = $2 where id = $1', [id, wrap(to, id, unwrap(from, id, wrapped))])
  return rows.length
}

/** A cipher over given data keys (32 bytes each); `current` seals. */
export function cipherOf(dataKeys: ReadonlyMap<number, Buffer>, current: number, indexRoot: Buffer): FieldCipher {
  // KeyObjects: for a key given as bytes node:crypto spends longer on finding out what it is than on the cipher.
  const keys = new Map([...dataKeys].map(([id, key]) => [id, createSecretKey(key)]))
  const indexKeys = new Map<string, KeyObject>()
  const indexKey = (purpose: string): KeyObject => {
    let key = indexKeys.get(purpose)
    if (!key) {
      key = createSecretKey(Buffer.from(hkdfSync('sha256', indexRoot, '', `antin/index/${purpose}`, 32)))
      indexKeys.set(purpose, key)
    }
    return key
  }
  const sealingKey = keys.get(current)!
  return {
    seal(plain) {
      const header = Buffer.allocUnsafe(headerLength)
      header[0] = version
      header.writeUInt32BE(current, 1)
      randomPool(12).copy(header, 5)
      return encrypt(sealingKey, header, plain)
    },
    open(sealed) {
      const key = sealed.length >= headerLength + tagLength && sealed[0] === version ? keys.get(keyIdOf(sealed)) : undefined
      if (!key) throw new AppError('cipher.open')
      return decrypt(key, sealed)
    },
    index: (purpose, text) => createHmac('sha256', indexKey(purpose)).update(text).digest(),
  }
}

/** The id of the data key that sealed a value. */
export function keyIdOf(sealed: Uint8Array): number {
  return Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length).readUInt32BE(1)
}

function encrypt(key: KeyObject, header: Buffer, plain: Uint8Array | string): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, header.subarray(5))
  cipher.setAAD(header.subarray(0, 5))
  const body = typeof plain === 'string' ? cipher.update(plain, 'utf8') : cipher.update(plain)
  return Buffer.concat([header, body, cipher.final(), cipher.getAuthTag()])
}

function decrypt(key: KeyObject, sealed: Uint8Array): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(5, headerLength))
  decipher.setAAD(sealed.subarray(0, 5))
  decipher.setAuthTag(sealed.subarray(-tagLength))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(headerLength, -tagLength)), decipher.final()])
  } catch (cause) {
    throw new AppError('cipher.open', undefined, { cause })
  }
}

function wrap(masterKey: Uint8Array, id: number, dataKey: Uint8Array): Buffer {
  return cipherOf(new Map([[id, wrappingKey(masterKey)]]), id, Buffer.alloc(32)).seal(dataKey)
}

function unwrap(masterKey: Uint8Array, id: number, wrapped: Buffer): Buffer {
  try {
    return cipherOf(new Map([[id, wrappingKey(masterKey)]]), id, Buffer.alloc(32)).open(wrapped)
  } catch (cause) {
    throw new AppError('cipher.master-key', undefined, { cause })
  }
}

function wrappingKey(masterKey: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, '', 'antin/wrap', 32))
}
