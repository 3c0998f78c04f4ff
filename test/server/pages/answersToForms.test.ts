import { expect, test } from '@jest/globals'
import request from 'supertest'
import { asActor, makeConsole } from '../../support/consoleWorld.ts'
import { useDatabase } from '../../support/database.ts'
import { makeMinistry, makeOfficers } from '../../support/ministry.ts'
import { testCipher } from '../../support/testCipher.ts'

const db = useDatabase()

test('a page that answers a form leads back to where the form stood, in the other language too', async () => {
  const cipher = testCipher()
  await makeMinistry(db.pool)
  await makeOfficers(db.pool, cipher, 1)
  const { app } = await makeConsole({ pool: db.pool, cipher })
  const { text } = await request(app)
    .post('/console/officers/request-all')
    .set(asActor('maker', 'G09.01'))
    .set({ accept: 'text/html', host: 'the.example', referer: 'http://the.example/console/review/G09.01?sheet=2' })
    .type('form')
    .send({ _csrf: 'token', agency: 'G09.01' })
  expect(text).toContain('href="/console/review/G09.01?sheet=2&amp;lang=en"')
  expect(text).toContain('href="/console/review" data-instead>')
})
