import { randomBytes, randomUUID } from 'node:crypto'
import { beforeAll, expect, test } from '@jest/globals'
import { inTransaction } from '../../server/db/transaction.ts'
import { addDataKey, createFieldCipher, type KeptFieldCipher, keyIdOf, rewrapDataKeys } from '../../server/keys/fieldCipher.ts'
import { rotateDataKey } from '../../server/keys/rotateDataKey.ts'
import { sealedTables } from '../../server/keys/sealedColumnsTable.ts'
import { useDatabase } from '../support/database.ts'
import { makeMinistry, makeOfficers } from '../support/ministry.ts'

/** Columns of bytes that hold nothing sealed: digests, keyed indexes, refs, public keys, signatures, bits, and what needs no secret. */
const inClear =
  /[._](digest|hash|index|ref|kid|thumbprint|public|bits|signature|key_id|headers|successor|duplicate_of|wrapped|binding|facts)$/
const clearColumns = ['log_comparison.behind_root', 'log_entries.entry', 'log_head.hashes', 'lookup_counts.key', 'status_lists.order_key']

const db = useDatabase()
const masterKey = randomBytes(32)
const noWait = { beforeSealing: 0, afterwards: 0 }
const people = 25
let cipher: KeptFieldCipher
let officers: string[]

beforeAll(async () => {
  cipher = await createFieldCipher(db.pool, masterKey)
  await makeMinistry(db.pool)
  officers = await makeOfficers(db.pool, cipher, people)
  const request = randomUUID()
  await db.pool.query(
    "insert into requests (id, kind, agency_code, maker, maker_name, reason) values ($1, 'card.issue', 'G09', 'm', 'M', $2)",
    [request, cipher.seal('lý do')],
  )
  await db.pool.query(
    'insert into request_items (request_id, seq, claims, claims_digest) select $1, n, $2, $3 from generate_series(1, 2500) n',
    [request, cipher.seal('{}'), randomBytes(32)],
  )
  await db.pool.query('insert into idempotency_keys (owner, key, request_digest, answer) values ($1, $2, $3, $4)', [
    "o'wner",
    'k\\1',
    randomBytes(32),
    cipher.seal('answer'),
  ])
})

test('every column of bytes is either sealed, and rotated, or known to be in clear', async () => {
  const { rows } = await db.pool.query<{ name: string }>(
    `select table_name || '.' || column_name as name from information_schema.columns
     where table_schema = 'public' and data_type = 'bytea' order by 1`,
  )
  const sealed = sealedTables.flatMap(({ table, columns }) => columns.map(column => `${table}.${column}`))
  const open = rows.map(row => row.name).filter(name => !inClear.test(name) && !clearColumns.includes(name))
  expect(open.toSorted()).toEqual(sealed.toSorted())
})

test('a process learns of a new key before it seals', async () => {
  const process = await createFieldCipher(db.pool, masterKey)
  const id = await addDataKey(db.pool, masterKey, 3600)
  await process.refresh()
  expect(keyIdOf(process.seal('x'))).toBe(1)
  await db.pool.query('update data_keys set seals_from = now() where id = $1', [id])
  const other = await createFieldCipher(db.pool, masterKey)
  const sealed = other.seal('x')
  expect(keyIdOf(sealed)).toBe(id)
  expect(process.open(sealed).toString()).toBe('x')
  await process.refresh()
  expect(keyIdOf(process.seal('x'))).toBe(id)
  await db.pool.query('delete from data_keys where id = $1', [id])
})

test('a rotation that was cut off goes on where it was, and every value is then under the new key', async () => {
  let lines = 0
  const cutOff = rotateDataKey({ pool: db.pool, masterKey }, 'system', {
    wait: noWait,
    progress: () => {
      if (++lines === 2) throw new Error('killed')
    },
  })
  await expect(cutOff).rejects.toThrow('killed')
  expect(await keysInUse()).toEqual([1, 2])
  const rotation = await rotateDataKey({ pool: db.pool, masterKey }, 'system', { wait: noWait })
  expect(rotation).toMatchObject({ keyId: 2, resumed: true, unreadable: [], left: 0 })
  expect(rotation.moved).toBeGreaterThan(2000)
  expect(await keysInUse()).toEqual([2])
  const { rows } = await db.pool.query<{ retired: boolean }>('select retired_at is not null as retired from data_keys order by id')
  expect(rows).toEqual([{ retired: true }, { retired: false }])
  await cipher.refresh()
  const { rows: kept } = await db.pool.query<{ id: string; private: Buffer; index: Buffer }>(
    'select id, private, personal_number_index as index from officers order by id',
  )
  expect(kept.map(row => row.id)).toEqual(officers.toSorted())
  for (const row of kept) expect(JSON.parse(cipher.open(row.private).toString())).toMatchObject({ birthDate: '1990-05-17' })
  expect(cipher.open((await db.pool.query('select answer from idempotency_keys')).rows[0].answer).toString()).toBe('answer')
})

test('values written under the old key meanwhile, and rows held by others, are moved before the old key is retired', async () => {
  const old = await createFieldCipher(db.pool, masterKey)
  const holder = await db.pool.connect()
  await holder.query('begin')
  await holder.query('update officers set private = $2 where id = $1', [officers[0], old.seal('{"held":true}')])
  let released = false
  const rotation = await rotateDataKey({ pool: db.pool, masterKey }, 'system', {
    wait: noWait,
    progress: line => {
      // The officers' table is passed by now; the transaction that held a row ends.
      if (released || !line.startsWith('photos')) return
      released = true
      holder.query('commit').then(() => holder.release())
    },
  })
  expect(released).toBe(true)
  expect(rotation).toMatchObject({ keyId: 3, resumed: false, unreadable: [], left: 0 })
  expect(await keysInUse()).toEqual([3])
})

test('a value that no key opens is left as it is, counted, and keeps the older key from being retired', async () => {
  await db.pool.query('update officers set private = $2 where id = $1', [
    officers[1],
    Buffer.concat([Buffer.from([1, 0, 0, 0, 1]), randomBytes(40)]),
  ])
  const rotation = await rotateDataKey({ pool: db.pool, masterKey }, 'system', { wait: noWait })
  expect(rotation).toMatchObject({ keyId: 4, unreadable: [{ table: 'officers', rows: 1 }], left: 0 })
  const { rows } = await db.pool.query<{ id: number }>('select id from data_keys where retired_at is null order by id')
  expect(rows.map(row => row.id)).toEqual([3, 4])
})

test('another master key is refused before anything is written; rewrapping changes to it', async () => {
  const next = randomBytes(32)
  await expect(rotateDataKey({ pool: db.pool, masterKey: next }, 'system', { wait: noWait })).rejects.toThrow('cipher.master-key')
  await expect(inTransaction(db.pool, tx => rewrapDataKeys(tx, next, masterKey))).rejects.toThrow('cipher.master-key')
  const sealed = cipher.seal('x')
  await inTransaction(db.pool, tx => rewrapDataKeys(tx, masterKey, next))
  await expect(createFieldCipher(db.pool, masterKey)).rejects.toThrow('cipher.master-key')
  const after = await createFieldCipher(db.pool, next)
  expect(after.open(sealed).toString()).toBe('x')
  expect(after.index('p', 'x')).toEqual(cipher.index('p', 'x'))
})

async function keysInUse(): Promise<number[]> {
  const values = sealedTables.flatMap(({ table, columns }) =>
    columns.map(column => `select substring(${column} from 2 for 4) as id from ${table}`),
  )
  const { rows } = await db.pool.query<{ id: Buffer }>(`select distinct id from (${values.join(' union all ')}) v where id is not null`)
  return rows.map(row => row.id.readUInt32BE()).toSorted((a, b) => a - b)
}
