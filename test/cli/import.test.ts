import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { zipSync } from 'fflate'
import sharp from 'sharp'
import { freePort } from '../../server/db/freePort.ts'
import { cellText } from '../../server/tables/cell.ts'
import { readTable } from '../../server/tables/readTable.ts'

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))
const faults = fileURLToPath(new URL('../vectors/imports/officers-with-faults.xlsx', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'antin-import-'))
const file = (name: string) => join(home, name)
let env: NodeJS.ProcessEnv
let server: ChildProcess

/** A whole demonstration, started as a person starts it. */
beforeAll(async () => {
  const { ANTIN_CLIENT_ID: _id, ANTIN_URL: _url, ...own } = process.env
  env = { ...own, ANTIN_HOME: home, LANG: 'C', LOG_LEVEL: 'error' }
  const started = spawn(process.execPath, [main, 'start'], { env: { ...env, CHAIN: 'none', PORT: String(await freePort()) } })
  server = started
  await new Promise<void>((ready, failed) => {
    let said = ''
    const hear = (chunk: Buffer) => {
      said += String(chunk)
      if (said.includes('Bảng điều khiển')) ready()
    }
    started.stdout.on('data', hear)
    started.stderr.on('data', hear)
    started.once('exit', code => failed(new Error(`The demonstration ended (${code}): ${said}`)))
  })
})

afterAll(async () => {
  if (server?.exitCode === null) {
    const ended = new Promise(done => server.once('exit', done))
    server.kill('SIGTERM')
    await ended
  }
  rmSync(home, { recursive: true, force: true })
})

function antin(args: string[], more: NodeJS.ProcessEnv = {}): Promise<{ code: number; out: string; err: string }> {
  return new Promise(done => {
    execFile(process.execPath, [main, 'import', ...args], { env: { ...env, ...more }, timeout: 200_000 }, (error, out, err) =>
      done({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    )
  })
}

test('which file, and one that is there: 64 without them', async () => {
  expect(await antin([])).toMatchObject({ code: 64, err: expect.stringContaining('Which file?') })
  expect(await antin([file('none.xlsx')])).toMatchObject({ code: 64, err: expect.stringContaining('No such file') })
})

test('refused rows: named with what to do, in a workbook too; nothing is written and the exit code is 1', async () => {
  const refused = await antin([faults, '--errors', file('errors.xlsx')])
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('Nothing was written: 6 rows are refused') })
  expect(refused.out).toContain('Refused, row 5: Column ngay_sinh: "31/02/1990" is no day of the calendar')
  expect(refused.out).toContain('Repaired, row 8: Column loai: category "LĐ" is taken as HĐ')
  const texts: string[] = []
  for await (const row of readTable(readFileSync(file('errors.xlsx'))).rows) texts.push(...row.cells.map(cellText))
  expect(texts).toContain('31/02/1990')
  expect((await antin([faults, '--preview', '--json'])).out).toContain('"state":"preview"')
})

test('the good rows when asked, with photos; the same again changes nothing; in Vietnamese when asked', async () => {
  const portrait = await sharp({ create: { width: 300, height: 400, channels: 3, background: '#88a' } })
    .jpeg()
    .toBuffer()
  writeFileSync(file('photos.zip'), zipSync({ '001190846290.jpg': portrait, 'note.txt': Buffer.from('x') }))
  const written = await antin([faults, '--good-rows', '--photos', file('photos.zip')])
  expect(written).toMatchObject({ code: 0, out: expect.stringContaining('Photos: 1 matched, 0 unmatched, 1 refused') })
  expect(written.out).toMatch(/Written: 6 new, 1 changed, 1 new photos\./)
  const again = await antin([faults, '--good-rows', '--json'])
  expect(JSON.parse(again.out)).toMatchObject({ state: 'done', counts: { new: 0, changed: 0, unchanged: 7, refused: 6 } })
  expect((await antin([faults, '--preview', '--lang', 'vi'])).out).toContain('ngày "31/02/1990" không có trong lịch')
})

test('agencies go in as an administrator; as somebody else they are refused', async () => {
  writeFileSync(file('units.csv'), 'ma,ten_vi,ma_cha\nG09.27,Đơn vị mới,G09\n')
  expect(await antin([file('units.csv'), '--as', 'maker'])).toMatchObject({ code: 1, err: expect.stringContaining('auth.forbidden') })
  expect(await antin([file('units.csv'), '--preview'])).toMatchObject({ code: 0, out: expect.stringContaining('1 rows: 1 new') })
})

test('away from a demonstration a person signs in at the ministry’s provider', async () => {
  const { url } = JSON.parse(readFileSync(file('demo.json'), 'utf8')) as { url: string }
  const child = spawn(process.execPath, [main, 'import', faults, '--url', url], { env: { ...env, ANTIN_HOME: file('elsewhere') } })
  let said = ''
  await new Promise<void>(done => {
    child.stderr.on('data', chunk => {
      said += String(chunk)
      if (/\(code [\w-]+\)/.test(said)) child.kill()
    })
    child.once('exit', () => done())
  })
  expect(said).toMatch(/Sign in at http/)
})
