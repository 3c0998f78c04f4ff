import { beforeAll, expect, test } from '@jest/globals'
import request from 'supertest'
import { asActor, makeConsole } from '../../support/consoleWorld.ts'
import { useDatabase } from '../../support/database.ts'
import { makeMinistry } from '../../support/ministry.ts'
import { testCipher } from '../../support/testCipher.ts'

const db = useDatabase()

beforeAll(async () => {
  await makeMinistry(db.pool)
})

test('a search that no page offers is answered with a page, in an address of bounded length', async () => {
  const { app } = await makeConsole({ pool: db.pool, cipher: testCipher() })
  const sent: [string, string, Record<string, string>][] = [
    ['auditor', 'audit', { action: 'constructor' }],
    ['auditor', 'audit', { action: 'x'.repeat(60_000) }],
    ['maker', 'officers', { status: 'x'.repeat(60_000) }],
  ]
  for (const [role, page, fields] of sent) {
    const as = asActor(role, 'G09')
    const moved = await request(app)
      .post(`/console/${page}`)
      .set(as)
      .type('form')
      .send({ _csrf: 'token', ...fields })
    expect(moved.status).toBe(303)
    expect(moved.headers.location!.length).toBeLessThan(2000)
    expect((await request(app).get(moved.headers.location!).set(as).set('accept', 'text/html')).status).toBe(200)
  }
})
