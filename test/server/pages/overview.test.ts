import { beforeAll, expect, test } from '@jest/globals'
import request from 'supertest'
import { cardsByDay, countCards, countPeople } from '../../../server/overview/overviewTable.ts'
import { barsOf, dayPlotOf } from '../../../server/pages/console/plots.ts'
import { makeConsoleObjects } from '../../support/consoleObjects.ts'
import { asActor, makeConsole } from '../../support/consoleWorld.ts'
import { useDatabase } from '../../support/database.ts'
import { makeMinistry } from '../../support/ministry.ts'
import { testCipher } from '../../support/testCipher.ts'

const db = useDatabase()
const cipher = testCipher()

beforeAll(async () => {
  await makeMinistry(db.pool)
  for (const agency of ['G09.01', 'G09.02']) await makeConsoleObjects(db.pool, cipher, agency)
  await db.pool.query(
    "update cards set issued_at = now() - interval '3 days', status = 1, ended_as = 'ended', ended_at = now() - interval '1 day' where using_code = 'G09.02'",
  )
})

test('numbers and days count the agencies asked for, days of Vietnam, today last', async () => {
  const all = ['G09', 'G09.01', 'G09.02']
  expect(await countCards(db.pool, all)).toEqual({ active: 1, suspended: 0, revoked: 1, replaced: 0, expired: 0, expiring: 0 })
  expect(await countPeople(db.pool, ['G09.01'])).toEqual({ people: 2, withoutPhoto: 0, withoutCard: 1 })
  const days = await cardsByDay(db.pool, all, 7)
  expect(days.map(day => [day.issued, day.ended])).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
    [1, 0],
    [0, 0],
    [0, 1],
    [1, 0],
  ])
  expect(days.at(-1)!.day).toBe(new Date(Date.now() + 7 * 3_600_000).toISOString().slice(0, 10))
  expect((await cardsByDay(db.pool, ['G09.01'], 7)).map(day => day.issued)).toEqual([0, 0, 0, 0, 0, 0, 1])
})

test('plots stay inside their frame and their scale is round', () => {
  for (const most of [0, 1, 3, 7, 50, 999, 123_456]) {
    const plot = dayPlotOf([
      { day: '2026-01-01', issued: most, ended: 0 },
      { day: '2026-01-02', issued: 0, ended: most },
    ])
    expect(plot.top).toBeGreaterThanOrEqual(most)
    expect(plot.gridlines.length).toBeLessThanOrEqual(7)
    for (const { y, height, endedY, endedHeight } of plot.columns) {
      expect(Math.min(y, height, endedY, endedHeight)).toBeGreaterThanOrEqual(0)
      expect(y + height).toBeLessThanOrEqual(plot.height)
    }
  }
  const bars = barsOf([
    {
      label: 'a',
      text: '',
      parts: [
        { value: 3, kind: 'ok' },
        { value: 1, kind: 'bad' },
      ],
    },
    {
      label: 'b',
      text: '',
      parts: [
        { value: 0, kind: 'ok' },
        { value: 0, kind: 'bad' },
      ],
    },
  ])
  expect(bars.map(bar => bar.parts.map(part => [part.from, part.width]))).toEqual([
    [
      [0, 0.75],
      [0.75, 0.25],
    ],
    [
      [0, 0],
      [0, 0],
    ],
  ])
})

test('what a person typed and what a spreadsheet would run stay text', async () => {
  const { app } = await makeConsole({ pool: db.pool, cipher })
  const typed = '"><script>alert(1)</script>'
  const page = await request(app)
    .post('/console/diplomas/register')
    .set(asActor('maker', 'G09'))
    .set('accept', 'text/html')
    .type('form')
    .send({ _csrf: 'token', agency: 'G09', holderName: typed, title: '', awarded: typed })
  expect(page.status).toBe(422)
  expect(page.text).not.toContain('<script>alert')
  expect(page.text.match(/value="&quot;&gt;&lt;script&gt;alert\(1\)&lt;\/script&gt;"/g)).toHaveLength(2)
  await db.pool.query(
    "insert into audit (actor, actor_name, action, agency_code) values ('x', '=HYPERLINK(\"http://evil.example\")', 'card.issued', 'G09.01')",
  )
  const csv = await request(app).post('/console/audit/export').set(asActor('auditor', 'G09')).type('form').send({ _csrf: 'token' })
  expect(csv.headers['content-disposition']).toContain('audit.csv')
  expect(csv.text).toContain("'=HYPERLINK(")
  expect(csv.text).not.toMatch(/(^|,)"?=HYPERLINK/m)
})
