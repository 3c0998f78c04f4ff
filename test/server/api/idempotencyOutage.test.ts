import { expect, test } from '@jest/globals'
import express from 'express'
import pg from 'pg'
import { pino } from 'pino'
import request from 'supertest'
import { idempotency } from '../../../server/http/idempotency.ts'
import { problemHandler } from '../../../server/http/problem.ts'
import { useDatabase } from '../../support/database.ts'
import { testCipher } from '../../support/testCipher.ts'

const db = useDatabase()

/** A route that counts its runs, and loses the database in the first; what `after` does follows that. */
async function makeOutage(after: () => Promise<unknown>) {
  const url = new URL(db.url)
  const name = url.pathname.slice(1)
  url.pathname = '/postgres'
  const admin = new pg.Client(url.href)
  await admin.connect()
  let runs = 0
  const app = express()
    .use((req, _res, next) => {
      req.actor = { kind: 'client', sub: 'machine', name: 'Máy', agency: 'G09' as never, roles: new Set(), scopes: new Set() }
      next()
    })
    .use(idempotency({ pool: db.pool, cipher: testCipher() }))
    .post('/', async (_req, res) => {
      if (++runs === 1) {
        await admin.query(`alter database ${name} allow_connections false`)
        await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name])
      }
      await after()
      res.status(201).json({ runs })
    })
    .use(problemHandler(pino({ level: 'silent' })))
  const send = (key: string) => request(app).post('/').set('Idempotency-Key', key)
  return {
    send,
    /** Until what became of the key is written, as a caller does who is told that the first request still runs. */
    async sendAgain(key: string) {
      for (let tries = 0; ; tries++) {
        const answer = await send(key)
        if (answer.body.code !== 'idempotency.conflict' || tries === 100) return answer
        await new Promise(resolve => setTimeout(resolve, 300))
      }
    },
    async end() {
      await admin.query(`alter database ${name} allow_connections true`)
      await admin.end()
    },
  }
}

test('a request that failed because the database went away can be sent again with its key', async () => {
  const { send, sendAgain, end } = await makeOutage(() => db.pool.query('select 1'))
  const first = await send('failed')
  expect([first.status, first.body.code, first.headers['retry-after']]).toEqual([503, 'http.unavailable', '5'])
  await end()
  const second = await sendAgain('failed')
  expect([second.status, second.body]).toEqual([201, { runs: 2 }])
  const third = await send('failed')
  expect([third.headers['idempotent-replayed'], third.body]).toEqual(['true', { runs: 2 }])
})

test('the answer of a request that was done when the database went away is given again, and nothing is done twice', async () => {
  const { send, sendAgain, end } = await makeOutage(async () => undefined)
  expect((await send('done')).body).toEqual({ runs: 1 })
  await end()
  const second = await sendAgain('done')
  expect([second.status, second.headers['idempotent-replayed'], second.body]).toEqual([201, 'true', { runs: 1 }])
})
