import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, expect, test } from '@jest/globals'
import express from 'express'
import { pino } from 'pino'
import request from 'supertest'
import { type Multipart, readMultipart } from '../../server/http/multipart.ts'
import { problemHandler } from '../../server/http/problem.ts'

const uploads = () => readdirSync(tmpdir()).filter(name => name.startsWith(`antin-upload-${process.pid}-`))
const left = join(tmpdir(), `antin-upload-0-${process.pid}`)
const others = join(tmpdir(), `antin-upload-1-${process.pid}`)

afterAll(() => {
  for (const path of [left, others]) rmSync(path, { recursive: true, force: true })
})

function appThat(handle: (form: Multipart) => Promise<unknown>) {
  const app = express()
  app.post('/', async (req, res) => {
    const form = await readMultipart(req, { fileBytes: 1 << 20, files: 2 })
    const answer = await handle(form)
    await form.discard()
    res.json(answer)
  })
  app.use(problemHandler(pino({ level: 'silent' })))
  return app
}

const person = Buffer.from(`so_dinh_danh,ho_ten\n001085012345,Phan Thị Loan\n${'x'.repeat(200_000)}`)

test('an upload lies sealed in a folder of this user alone, reads back as sent, and goes with its request; what a crash left goes first', async () => {
  for (const path of [left, others]) {
    mkdirSync(path)
    writeFileSync(join(path, '0'), 'x')
  }
  utimesSync(left, new Date(0), new Date(0))
  const app = appThat(async form => {
    const [file] = form.files.get('file')!
    const mine = uploads()
    const path = join(tmpdir(), mine[0]!)
    const kept = readFileSync(join(path, '0'))
    return {
      mine: mine.length,
      modes: [statSync(path).mode & 0o777, statSync(join(path, '0')).mode & 0o777],
      bytes: [file!.bytes, kept.length],
      clear: kept.includes('001085012345'),
      read: (await file!.read()).equals(person),
      streamed: (await buffer(file!.open())).equals(person),
    }
  })
  const { body } = await request(app).post('/').attach('file', person, 'can-bo.csv').expect(200)
  expect(body).toEqual({
    mine: 1,
    modes: [0o700, 0o600],
    bytes: [person.length, person.length],
    clear: false,
    read: true,
    streamed: true,
  })
  expect([existsSync(left), existsSync(others)]).toEqual([false, true])
  expect(uploads()).toEqual([])
})

test('a file changed on disk is not read to its end', async () => {
  const app = appThat(async form => {
    const path = join(tmpdir(), uploads()[0]!, '0')
    const kept = readFileSync(path)
    kept[1000]! ^= 1
    writeFileSync(path, kept)
    return form.files
      .get('file')![0]!
      .read()
      .then(
        () => 'read',
        () => 'refused',
      )
  })
  const { body } = await request(app).post('/').attach('file', person, 'can-bo.csv').expect(200)
  expect(body).toBe('refused')
})

test('too large, cut off, or no form at all: refused, and nothing stays', async () => {
  const app = appThat(async () => 'read')
  await request(app)
    .post('/')
    .attach('file', Buffer.alloc((1 << 20) + 1), 'a')
    .expect(413)
  const cut = '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf'
  await request(app).post('/').set('Content-Type', 'multipart/form-data; boundary=x').send(cut).expect(400)
  await request(app).post('/').set('Content-Type', 'text/plain').send('x').expect(415)
  expect(uploads()).toEqual([])
})
