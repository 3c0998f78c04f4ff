import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import express from 'express'
import { round, witnessServer } from '../../../cli/witness.ts'
import { openWitness, type Witness } from '../../../cli/witnessState.ts'
import { utf8 } from '../../../core/encoding/bytes.ts'
import { countCosignatures, formatCheckpoint, openCheckpoint } from '../../../core/log/checkpoint.ts'
import { formatSignedNote } from '../../../core/log/signedNote.ts'
import { parseVerifierKey } from '../../../core/log/verifierKey.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { askWitnesses, largestWitnessed } from '../../../server/log/askWitnesses.ts'
import { newestCheckpoint, noteWithCosignatures, witnessStates } from '../../../server/log/checkpointsTable.ts'
import { logRoutes } from '../../../server/log/logRoutes.ts'
import { consistencyPath } from '../../../server/log/proofFor.ts'
import { signCheckpoint } from '../../../server/log/signCheckpoint.ts'
import { insertWitness } from '../../../server/trust/trustNetworkTable.ts'
import { useDatabase } from '../../support/database.ts'
import { append, drafts, newNoteKey, origin } from './support/testLog.ts'

const db = useDatabase()
const log = await newNoteKey(origin)
const dir = await mkdtemp(join(tmpdir(), 'antin-witness-'))
let time = 1_800_000_000
const open = (name: string) => openWitness(join(dir, name), `${name}.example`, log.logKey, () => time++)
const one = await open('one')
const two = await open('two')
const keys = await Promise.all([one, two].map(witness => parseVerifierKey(witness.vkey, nodeCrypto)))
const servers: Server[] = []
let address: string

const start = async (server: Server) => {
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const grow = async (count: number) => {
  await append(db.pool, drafts(count))
  return (await signCheckpoint({ pool: db.pool, ...log }))!
}
const served = async () => {
  const note = await noteWithCosignatures(db.pool, (await newestCheckpoint(db.pool))!)
  return countCosignatures((await openCheckpoint(note, log.logKey, nodeCrypto))!.note, keys, nodeCrypto)
}
/** A checkpoint that the log's key signed over another history. */
const forked = (treeSize: number) => {
  const text = formatCheckpoint({ origin, treeSize, rootHash: new Uint8Array(32).fill(5) })
  return formatSignedNote({ text, signatures: [{ name: origin, keyId: log.logKey.keyId, signature: log.signNote(utf8(text)) }] })
}

beforeAll(async () => {
  for (const witness of [one, two]) await insertWitness(db.pool, witness.vkey)
  address = `${await start(createServer(express().use(logRoutes({ pool: db.pool, ...log }))))}/log`
})
afterAll(async () => {
  for (const server of servers) server.close()
  await rm(dir, { recursive: true })
})

test('a witness fetches, proves growth from tiles, cosigns, and the log serves its cosignature', async () => {
  await grow(300)
  expect(await round(one, log.logKey, address)).toBe('cosigned 300')
  expect(await served()).toBe(1)
  await grow(400)
  expect(await served()).toBe(0)
  expect(await round(one, log.logKey, address)).toBe('cosigned 700')
  expect(await round(two, log.logKey, address)).toBe('cosigned 700')
  expect(await served()).toBe(2)
  expect(await witnessStates(db.pool)).toMatchObject([
    { witness: 'one.example', treeSize: 700 },
    { witness: 'two.example', treeSize: 700 },
  ])
})

test('a split view is caught between anchors: two checkpoints the log signed, neither extending the other', async () => {
  const fake = express().get('/log/checkpoint', (_req, res) => void res.send(forked(700)))
  await expect(round(one, log.logKey, `${await start(createServer(fake))}/log`)).rejects.toThrow('does not extend')
  const shrunk = express().get('/log/checkpoint', (_req, res) => void res.send(forked(5)))
  await expect(round(one, log.logKey, `${await start(createServer(shrunk))}/log`)).rejects.toThrow('shrank')
  expect((await readdir(join(dir, 'one'))).filter(name => name.startsWith('evidence-700-'))).toHaveLength(1)
  expect(one.size()).toBe(700)
})

test('a witness remembers after a restart, keeps its key, and judges one log', async () => {
  const again = await open('one')
  expect([again.vkey, again.size()]).toEqual([one.vkey, 700])
  const other = await newNoteKey('other.example/log')
  await expect(openWitness(join(dir, 'one'), 'one.example', other.logKey, () => time)).rejects.toThrow('one folder a log')
  expect((await readFile(join(dir, 'one/witness.pem'), 'utf8')).startsWith('-----BEGIN PRIVATE KEY')).toBe(true)
})

test('C2SP tlog-witness: the answers of add-checkpoint', async () => {
  const own = await open('three')
  const { note } = (await newestCheckpoint(db.pool))!
  expect(await own.cosign(note, 5, [])).toEqual({ status: 409, body: '0\n' })
  expect(await own.cosign(note, 701, [])).toMatchObject({ status: 400 })
  expect(await own.cosign(note.replace('700', '701'), 0, [])).toMatchObject({ status: 403 })
  expect(await own.cosign(note, 0, [])).toMatchObject({ status: 200 })
  expect(await own.cosign(note, 700, [])).toMatchObject({ status: 200 })
  expect(await own.cosign(note, 700, [new Uint8Array(32)])).toMatchObject({ status: 422 })
  expect((await readdir(join(dir, 'three'))).filter(name => name.startsWith('evidence'))).toEqual([])
  expect(await own.cosign(note.replace('/log\n', '/other\n'), 700, [])).toMatchObject({ status: 404 })
  expect(await own.cosign(forked(700), 700, [])).toMatchObject({ status: 409 })
  expect(await own.cosign(forked(800), 700, [new Uint8Array(32)])).toMatchObject({ status: 422 })
  const newer = await grow(100)
  const path = await consistencyPath(db.pool, 700, 800)
  expect(await own.cosign(newer.note, 700, path.slice(1))).toMatchObject({ status: 422 })
  const both = await Promise.all([own.cosign(newer.note, 700, path), own.cosign(newer.note, 700, path)])
  expect(both.map(answer => answer.status)).toEqual([200, 409])
})

test('the log asks witnesses that listen, whatever size they stand at', async () => {
  const ask = async (witness: Witness) => {
    const url = await start(witnessServer(witness))
    return askWitnesses(db.pool, [url])
  }
  expect(await ask(two)).toMatchObject([{ ok: true, detail: 'cosigned 800' }])
  expect(await served()).toBe(1)
  await grow(10)
  expect(await ask(two)).toMatchObject([{ ok: true, detail: 'cosigned 810' }])
  expect(await ask(await open('four'))).toMatchObject([{ ok: false, detail: 'no cosignature of a known witness' }])
  const silent = await askWitnesses(db.pool, ['http://127.0.0.1:9'])
  expect(silent).toMatchObject([{ ok: false }])
})

test('a database that is behind what a witness cosigned is known by it', async () => {
  const url = await start(witnessServer(two))
  const { note } = (await newestCheckpoint(db.pool))!
  expect(await largestWitnessed([url, 'http://127.0.0.1:9'], note)).toBe(810)
  expect(await largestWitnessed(['http://127.0.0.1:9'], note)).toBeNull()
})

test('a listening witness refuses what is no request', async () => {
  const url = await start(witnessServer(one))
  const post = async (body: string, path = '/add-checkpoint') => (await fetch(url + path, { method: 'POST', body })).status
  expect(await post('')).toBe(400)
  expect(await post('old 01\n\nx')).toBe(400)
  expect(await post('old 0\nAAAA\n\nx')).toBe(400)
  expect(await post(`old 0\n${'A'.repeat(70_000)}`)).toBe(400)
  expect(await post('old 0\n\nx', '/x')).toBe(404)
  expect(await post('old 0\n\nnote')).toBe(404)
})

test('only a size is called one: a log that asks would read it as such', async () => {
  const own = await open('five')
  const url = await start(witnessServer(own))
  const { note } = (await newestCheckpoint(db.pool))!
  const post = async (old: number, checkpoint: string) => {
    const { status, headers } = await fetch(`${url}/add-checkpoint`, { method: 'POST', body: `old ${old}\n\n${checkpoint}` })
    return [status, headers.get('content-type')]
  }
  expect(await post(5, note)).toEqual([409, 'text/x.tlog.size'])
  expect(await post(0, note)).toEqual([200, 'text/plain; charset=utf-8'])
  expect(await post(own.size(), forked(own.size()))).toEqual([409, 'text/plain; charset=utf-8'])
})
