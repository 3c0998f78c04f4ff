import { randomUUID } from 'node:crypto'
import { beforeAll, expect, test } from '@jest/globals'
import request from 'supertest'
import { inTransaction } from '../../../server/db/transaction.ts'
import { insertItems, insertRequest, markItems } from '../../../server/requests/requestsTable.ts'
import { asActor, makeConsole } from '../../support/consoleWorld.ts'
import { useDatabase } from '../../support/database.ts'
import { makeMinistry } from '../../support/ministry.ts'
import { testCipher } from '../../support/testCipher.ts'

const db = useDatabase()
const cipher = testCipher()
const id = randomUUID()
const names = ['Đã Cấp', 'Bị Giữ', 'Đổi Sau', 'Lỗi Ký', 'Thẻ Cũ']

beforeAll(async () => {
  await makeMinistry(db.pool)
  await inTransaction(db.pool, async tx => {
    await insertRequest(tx, { id, kind: 'card.issue', agency: 'G09', maker: { sub: 'an', name: 'An' }, reason: null, total: names.length })
    await insertItems(
      tx,
      id,
      names.map((fullName, at) => ({
        seq: at + 1,
        officerId: null,
        subjectRef: null,
        claims: cipher.seal(JSON.stringify({ fullName, usingAgency: 'G09', category: 'CC', expiresOn: '2031-11-21' })),
        claimsDigest: Buffer.alloc(32, at),
        warnings: at === 1 ? [{ code: 'card.second' }] : [],
        personIndex: null,
        officerVersion: null,
      })),
    )
    await markItems(tx, id, 'pending', [
      { seq: 1, state: 'done' },
      { seq: 2, state: 'held' },
      { seq: 3, state: 'void', outcome: 'request.changed' },
      { seq: 4, state: 'failed', outcome: 'sd-jwt.size: Too large' },
      { seq: 5, state: 'void', outcome: 'card.none' },
    ])
    await tx.query(
      "update requests set status = 'done', approver = 'binh', approver_name = 'Bình', decided_at = now(), finished_at = now(), done = 1, failed = 3 where id = $1",
      [id],
    )
  })
})

test('what could not be carried out comes first, with the reason in words; the rest is one step away', async () => {
  const { app } = await makeConsole({ pool: db.pool, cipher })
  const page = async (query: string, role = 'maker') => {
    const { text } = await request(app).get(`/console/requests/${id}${query}`).set(asActor(role, 'G09')).set('accept', 'text/html')
    return { text, shown: names.filter(name => text.includes(name)) }
  }
  const first = await page('')
  expect(first.shown).toEqual(['Đổi Sau', 'Lỗi Ký', 'Thẻ Cũ'])
  for (const words of ['3 mục không thực hiện được', 'Đã thay đổi sau khi trình', 'Thẻ cũ đã kết thúc', 'mã lỗi sd-jwt.size'])
    expect(first.text).toContain(words)
  expect(first.text).not.toContain('Too large')
  expect(first.text).toContain('href="/console/review"')
  expect((await page('', 'approver')).text).not.toContain('href="/console/review"')
  expect((await page('?only=exceptions')).shown).toEqual(['Bị Giữ'])
  expect((await page('?only=rest')).shown).toEqual(names.filter(name => name !== 'Bị Giữ'))
})
