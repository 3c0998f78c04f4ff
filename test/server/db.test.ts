import { expect, test } from '@jest/globals'
import { freePort } from '../../server/db/freePort.ts'
import { migrate } from '../../server/db/migrate.ts'
import { inTransaction } from '../../server/db/transaction.ts'
import { useDatabase } from '../support/database.ts'

const db = useDatabase()

test('a second migration run applies nothing', async () => {
  expect(await migrate(db.pool)).toEqual([])
})

test('a transaction that throws leaves nothing behind', async () => {
  await expect(
    inTransaction(db.pool, async tx => {
      await tx.query("insert into serial_counters (level_one, year) values ('G09', 2026)")
      throw new Error('stop')
    }),
  ).rejects.toThrow('stop')
  expect((await db.pool.query('select from serial_counters')).rowCount).toBe(0)
})

test('maker and approver of a request are two people in the database too', async () => {
  await db.pool.query("insert into agencies (code, name_vi, valid_from) values ('G09', 'Bộ Nội vụ', now())")
  await expect(
    db.pool.query(
      "insert into requests (id, kind, agency_code, maker, maker_name, approver, status) values (gen_random_uuid(), 'card.issue', 'G09', 'a', 'A', 'a', 'approved')",
    ),
  ).rejects.toThrow('requests_check')
})

test('the audit cannot be changed or deleted', async () => {
  await db.pool.query("insert into audit (actor, actor_name, action) values ('a', 'A', 'x')")
  await expect(db.pool.query("update audit set actor = 'b'")).rejects.toThrow('append only')
  await expect(db.pool.query('delete from audit')).rejects.toThrow('append only')
})

test.each(['officers', 'diplomas', 'log_head', 'signing_keys', 'status_lists', 'trust_roots', 'trust_publications'])(
  'what proves something is not emptied, nor with %s',
  async table => {
    await expect(db.pool.query(`truncate ${table} cascade`)).rejects.toThrow('append only')
  },
)

// Last, since they spoil the file's database.
test.each([
  ['with another text', "update migrations set digest = sha256('x') where name = '0002_log.sql'"],
  ['before texts were kept', 'alter table migrations drop column digest'],
])('a database whose migrations ran %s is left as it is, and the error says what to do', async (_, change) => {
  await db.pool.query(change)
  await expect(migrate(db.pool)).rejects.toMatchObject({ code: 'database.schema', detail: expect.stringContaining('moved away') })
})

test('no port is given twice, also when nothing listens on it yet', async () => {
  const ports: number[] = []
  for (let i = 0; i < 1000; i++) ports.push(await freePort())
  expect(new Set(ports).size).toBe(1000)
})
