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

test('a request that failed because the database went away can be sent again with its key', async () => {
  const url = new URL(db.url)
  const name = url.pathname.slice(1)
  url.pathname = '/postgres'
  const admin = new pg.Client(url.href)
  await admin.connect()
  const takeAway = async () => {
    await admin.query(`alter database ${name} allow_connections false`)
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name])
  }
  let runs = 0
  const app = express()
    .use((req, _res, next) => {
      req.actor = { kind: 'client', sub: 'machine', name: 'Máy', agency: 'G09' as never, roles: new Set(), scopes: new Set() }
      next()
    })
    .use(idempotency({ pool: db.pool, cipher: testCipher() }))
    .post('/', async (_req, res) => {
      if (++runs === 1) await takeAway()
      await db.pool.query('select 1')
      res.status(201).json({ runs })
    })
    .use(problemHandler(pino({ level: 'silent' })))
  const send = () => request(app).post('/').set('Idempotency-Key', 'once')

  const first = await send()
  expect([first.status, first.body.code, first.headers['retry-after']]).toEqual([503, 'http.unavailable', '5'])
  await admin.query(`alter database ${name} allow_connections true`)
  await admin.end()
  await new Promise(resolve => setTimeout(resolve, 1500))
  const second = await send()
  expect([second.status, second.body]).toEqual([201, { runs: 2 }])
  const third = await send()
  expect([third.headers['idempotent-replayed'], third.body]).toEqual(['true', { runs: 2 }])
})
