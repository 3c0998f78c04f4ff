import { expect, test } from '@jest/globals'
import express from 'express'
import pino from 'pino'
import request from 'supertest'
import { decodeBase64url } from '../../../core/encoding/base64url.ts'
import { concatBytes, utf8 } from '../../../core/encoding/bytes.ts'
import { AppError } from '../../../core/errors.ts'
import { countCosignatures, openCheckpoint } from '../../../core/log/checkpoint.ts'
import { proveConsistency, verifyConsistency } from '../../../core/log/consistency.ts'
import { cosignatureField, cosignedMessage } from '../../../core/log/cosignedMessage.ts'
import { parseEntry } from '../../../core/log/entry.ts'
import { leafHash } from '../../../core/log/leafHash.ts'
import { parseReceipt, proveReceipt, rootOfReceipt } from '../../../core/log/receipt.ts'
import { formatSignedNote, parseSignedNote } from '../../../core/log/signedNote.ts'
import { parseEntryBundle, readNodesFromTiles, type Tile, tilePath, tilesOfGrowth } from '../../../core/log/tiles.ts'
import { formatVerifierKey } from '../../../core/log/verifierKey.ts'
import { problemHandler } from '../../../server/http/problem.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { insertAnchor } from '../../../server/log/anchorsTable.ts'
import { logRoutes } from '../../../server/log/logRoutes.ts'
import { setClosed } from '../../../server/log/logTable.ts'
import { proofFor } from '../../../server/log/proofFor.ts'
import { entriesByRef, newestEntries } from '../../../server/log/readEntries.ts'
import { signCheckpoint } from '../../../server/log/signCheckpoint.ts'
import { insertWitness } from '../../../server/trust/trustNetworkTable.ts'
import { useDatabase } from '../../support/database.ts'
import { append, cardDraft, drafts, newNoteKey, origin } from './support/testLog.ts'

const db = useDatabase()
const log = await newNoteKey(origin)
const witness = await newNoteKey('witness.example', 'cosignature')
const app = () =>
  express()
    .use(logRoutes({ pool: db.pool, ...log }))
    .use((_req, _res, next) => next(new AppError('http.not-found')))
    .use(problemHandler(pino({ level: 'silent' })))
const signed = () => signCheckpoint({ pool: db.pool, ...log })
const get = (path: string) =>
  request(app())
    .get(path)
    .buffer(true)
    .parse((res, done) => {
      const chunks: Buffer[] = []
      res.on('data', chunk => chunks.push(chunk))
      res.on('end', () => done(null, Buffer.concat(chunks)))
    })
const fetchTile = async (tile: Tile): Promise<Uint8Array> => (await get(`/log/${tilePath(tile)}`).expect(200)).body

test('an empty log has a checkpoint of size 0 and no tiles', async () => {
  const response = await get('/log/checkpoint').expect(200).expect('Content-Type', 'text/plain; charset=utf-8')
  const checkpoint = await openCheckpoint(response.body.toString(), log.logKey, nodeCrypto)
  expect(checkpoint).toMatchObject({ treeSize: 0, rootHash: nodeCrypto.sha256(new Uint8Array(0)) })
  await get('/log/tile/0/000.p/1').expect(404)
})

test('C2SP tlog-tiles: a client reads checkpoint, tiles and bundles and finds the same tree', async () => {
  await append(db.pool, drafts(700))
  const first = (await signed())!
  await append(db.pool, drafts(300))
  const { treeSize, rootHash } = (await signed())!
  expect(treeSize).toBe(1000)
  const hashes: Uint8Array[] = []
  for (const tile of tilesOfGrowth(0, treeSize)) {
    const bytes = await fetchTile(tile)
    if (tile.level === 'entries') hashes.push(...parseEntryBundle(bytes, tile.width).map(entry => leafHash(entry, nodeCrypto.sha256)))
    else if (tile.level === 0)
      expect(Buffer.compare(concatBytes(...hashes.slice(tile.index * 256, tile.index * 256 + tile.width)), bytes)).toBe(0)
  }
  const path = await proveConsistency(700, 1000, readNodesFromTiles(fetchTile, 1000, nodeCrypto.sha256), nodeCrypto.sha256)
  const growth = { firstSize: 700, secondSize: 1000, firstRoot: first.rootHash, secondRoot: rootHash, path }
  expect(await verifyConsistency(growth, nodeCrypto)).toBe(true)
})

test('tiles are immutable and open to every origin; the checkpoint is fresh', async () => {
  const full = await get('/log/tile/0/000').expect(200)
  expect(full.headers).toMatchObject({
    'cache-control': 'public, max-age=31536000, immutable',
    'access-control-allow-origin': '*',
    'content-type': 'application/octet-stream',
    'content-length': '8192',
  })
  expect(full.headers['set-cookie']).toBeUndefined()
  await get('/log/checkpoint').expect('Cache-Control', 'public, max-age=2').expect('Access-Control-Allow-Origin', '*')
  await get('/log/tile/0/003.p/232').expect(200)
})

test('what no checkpoint covers is not served', async () => {
  await append(db.pool, drafts(20))
  for (const path of [
    'tile/0/003.p/233',
    'tile/0/003',
    'tile/0/004',
    'tile/1/000.p/4',
    'tile/entries/003',
    'tile/0/3',
    'tile/0/x000/000',
    'tile/9/000',
    'tile/0',
    'tile/',
    'x',
  ])
    await get(`/log/${path}`).expect(404)
  await signed()
  await get('/log/tile/0/003.p/252').expect(200)
})

test('formats 5: a proof is had as soon as the entry is committed, and holds without us', async () => {
  const draft = cardDraft()
  const [appended] = await append(db.pool, [draft])
  const response = await request(app()).get(`/log/proof?ref=${draft.ref}`).expect(200).expect('Access-Control-Allow-Origin', '*')
  const proven = await proveReceipt(parseReceipt(response.body), log.logKey, [], nodeCrypto)
  expect(parseEntry(proven!.entry)).toEqual({ ...draft, v: 1, at: appended!.at })
  expect(response.body.anchor).toBeNull()
})

test('an SD-JWT VC names no ref: the proof of its issue is found by the digest of its payload', async () => {
  const { ref } = cardDraft()
  const digest = Buffer.from(nodeCrypto.sha256(utf8(ref))).toString('base64url')
  await append(db.pool, [...drafts(3), { type: 'sd-jwt.issued', ref, digest, agency: 'G09', kid: 'AAAAAAAAAAA' }])
  const { body } = await request(app()).get(`/log/proof?digest=${digest}`).expect(200)
  const proven = await proveReceipt(parseReceipt(body), log.logKey, [], nodeCrypto)
  expect(parseEntry(proven!.entry)).toMatchObject({ type: 'sd-jwt.issued', digest })
  // The sealed credential's own entry is another one, and its ref does not lead here.
  for (const query of [`?ref=${ref}`, `?digest=${digest.slice(1)}A`, '?digest=', '?digest=a&digest=b'])
    await request(app()).get(`/log/proof${query}`).expect(404)
})

test('formats 5: a proof at a size, signed or never signed', async () => {
  const draft = cardDraft()
  const [appended] = await append(db.pool, [draft])
  await append(db.pool, drafts(5))
  await signed()
  const size = appended!.leafIndex + 1
  const { body } = await request(app()).get(`/log/proof?ref=${draft.ref}&size=${size}`).expect(200)
  expect(body).toMatchObject({ treeSize: size, checkpoint: null })
  expect(await rootOfReceipt(parseReceipt(body), nodeCrypto)).toHaveLength(32)
  await request(app())
    .get(`/log/proof?ref=${draft.ref}&size=${size - 1}`)
    .expect(404)
  await request(app())
    .get(`/log/proof?ref=${draft.ref}&size=${size + 6}`)
    .expect(404)
  for (const query of [
    '',
    '?ref=',
    '?ref=AAAAAAAAAAAAAAAAAAAAAA',
    `?ref=${draft.ref}&size=x`,
    `?ref=${draft.ref}&size=01`,
    '?ref=AAAAAAAAAAAAAAAAAAAAAB',
  ])
    expect([404, 422]).toContain((await request(app()).get(`/log/proof${query}`)).status)
})

test('formats 7: a receipt names the finalised anchor and leads to its root', async () => {
  const draft = cardDraft()
  await append(db.pool, [draft])
  const first = (await signed())!
  await append(db.pool, drafts(9))
  const { treeSize, rootHash } = (await signed())!
  const anchor = {
    chainId: 31337,
    contract: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
    transaction: `0x${'ab'.repeat(32)}`,
    block: 7,
    time: 1_800_000_000,
  }
  await insertAnchor(db.pool, { ...anchor, treeSize, rootHash })
  const receipt = parseReceipt(await proofFor({ pool: db.pool }, decodeBase64url(draft.ref), first.treeSize))
  expect(receipt.anchor).toMatchObject({ ...anchor, treeSize })
  const path = receipt.anchor!.consistencyPath.map(decodeBase64url)
  const growth = { firstSize: first.treeSize, secondSize: treeSize, firstRoot: first.rootHash, secondRoot: rootHash, path }
  expect(await verifyConsistency(growth, nodeCrypto)).toBe(true)
  const newest = parseReceipt(await proofFor({ pool: db.pool }, decodeBase64url(draft.ref)))
  expect(newest.anchor).toMatchObject({ treeSize, consistencyPath: [] })
  await append(db.pool, drafts(3))
  await signed()
  const later = parseReceipt(await proofFor({ pool: db.pool }, decodeBase64url(draft.ref)))
  expect(later.treeSize).toBeGreaterThan(later.anchor!.treeSize)
})

test('a checkpoint signed twice is one, by any number of processes; its size only grows', async () => {
  await append(db.pool, drafts(4))
  const all = await Promise.all(Array.from({ length: 8 }, signed))
  expect(new Set(all.map(checkpoint => checkpoint!.note)).size).toBe(1)
  await setClosed(db.pool, 'behind')
  expect((await signed())!.note).toBe(all[0]!.note)
  await setClosed(db.pool, null)
  await expect(db.pool.query("update log_checkpoints set note = 'x'")).rejects.toThrow('append only')
})

test('C2SP tlog-cosignature: cosignatures of known witnesses are kept, checked and served', async () => {
  await append(db.pool, drafts(1))
  await insertWitness(db.pool, formatVerifierKey(witness.logKey))
  const { treeSize, note } = (await signed())!
  const { text } = parseSignedNote(note)
  const line = (key: typeof witness, time: number) => {
    const signature = cosignatureField(time, key.signNote(cosignedMessage(text, time)))
    return formatSignedNote({ text: '', signatures: [{ name: key.logKey.name, keyId: key.logKey.keyId, signature }] }).slice(1)
  }
  const post = (size: number, body: string) => request(app()).post(`/log/cosignatures/${size}`).set('Content-Type', 'text/plain').send(body)
  await post(treeSize, line(witness, 1_800_000_000)).expect(204)
  await post(treeSize, line(witness, 1_700_000_000)).expect(204)
  await post(treeSize, line(await newNoteKey('witness.example', 'cosignature'), 1_800_000_000)).expect(422)
  await post(treeSize, line(witness, 1_800_000_000).replace(/.{6}\n$/, 'AAAA=\n')).expect(422)
  await post(treeSize, 'no note\n').expect(422)
  await post(treeSize + 1, line(witness, 1_800_000_000)).expect(404)
  const served = (await get('/log/checkpoint').expect(200)).body.toString()
  const opened = await openCheckpoint(served, log.logKey, nodeCrypto)
  expect(opened!.note.signatures).toHaveLength(2)
  expect(await countCosignatures(opened!.note, [witness.logKey], nodeCrypto)).toBe(1)
  expect(new DataView(opened!.note.signatures[1]!.signature.buffer, opened!.note.signatures[1]!.signature.byteOffset).getBigUint64(0)).toBe(
    1_800_000_000n,
  )
  expect(utf8(text)).toEqual(utf8(opened!.note.text))
})

test('the page of the log reads newest entries and all entries of a ref', async () => {
  const draft = cardDraft()
  await append(db.pool, [draft, { type: 'card.suspended', agency: 'G09', ref: draft.ref, commitment: draft.digest }])
  const newest = await newestEntries(db.pool, 2)
  expect(newest.map(e => e.entry?.type)).toEqual(['card.suspended', 'card.issued'])
  expect((await newestEntries(db.pool, 1, newest[0]!.leafIndex))[0]!.leafIndex).toBe(newest[1]!.leafIndex)
  expect((await entriesByRef(db.pool, decodeBase64url(draft.ref))).map(e => e.entry?.type)).toEqual(['card.issued', 'card.suspended'])
  expect(await entriesByRef(db.pool, new Uint8Array(16))).toEqual([])
})
