import { randomUUID } from 'node:crypto'
import { beforeAll, expect, test } from '@jest/globals'
import request from 'supertest'
import { type ConsoleObjects, makeConsoleObjects } from '../../support/consoleObjects.ts'
import { asActor, type ConsoleWorld, makeConsole } from '../../support/consoleWorld.ts'
import { useDatabase } from '../../support/database.ts'
import { makeMinistry } from '../../support/ministry.ts'
import { testCipher } from '../../support/testCipher.ts'

const db = useDatabase()
const cipher = testCipher()
let world: ConsoleWorld
let objects: ConsoleObjects

beforeAll(async () => {
  await makeMinistry(db.pool)
  objects = await makeConsoleObjects(db.pool, cipher, 'G09.01')
  await db.pool.query(
    `update agencies set name_en = 'Department of Organisation', restricted = true, coverage = '[{"title":"Chứng chỉ bồi dưỡng","from":2010,"to":2026},{"title":"Bằng kỹ sư"}]'
     where code = 'G09.01'`,
  )
  await db.pool.query('insert into plastics (id, card_ref, job_id, seq) select $1, ref, $2, 1 from cards where serial = $3', [
    randomUUID(),
    objects.printJob,
    objects.serial,
  ])
  world = await makeConsole({ pool: db.pool, cipher })
})

const read = async (path: string, agency = 'G09') =>
  (await request(world.app).get(`/console${path}`).set(asActor('auditor', agency)).set('accept', 'text/html').expect(200)).text

test('of an agency an auditor reads what an administrator finds in its form', async () => {
  const page = await read('/agencies/G09.01')
  for (const text of [
    'Department of Organisation',
    'Chứng chỉ bồi dưỡng, 2010–2026<br>Bằng kỹ sư',
    'Không nêu tên đơn vị trong sổ công khai',
  ])
    expect(page).toContain(text)
})

test('of a print run an auditor reads the plastic, and is offered neither its files nor a field', async () => {
  const page = await read(`/print/${objects.printJob}`)
  expect(page).toContain(objects.serial)
  expect(page).toContain('Chờ in')
  expect(page).not.toMatch(/print\.pdf|bureau\.csv|name="(blank-|plastic|note)/)
})

test('an auditor without webhooks to see is not asked to add one', async () => {
  const page = await read('/webhooks', 'G09.02')
  expect(page).toContain('Không hệ thống nào khác được báo tin')
  expect(page).not.toContain('name="url"')
})
