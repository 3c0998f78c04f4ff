import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { fromUtf8, utf8 } from '../../../core/encoding/bytes.ts'
import { formatCheckpoint } from '../../../core/log/checkpoint.ts'
import { type Entry, encodeEntry, entryTypes, parseEntry, peekEntry } from '../../../core/log/entry.ts'
import { leafHash } from '../../../core/log/leafHash.ts'
import { nodeHash } from '../../../core/log/nodeHash.ts'
import { parseReceipt, proveReceipt, rootOfReceipt } from '../../../core/log/receipt.ts'
import { formatSignedNote } from '../../../core/log/signedNote.ts'
import { makeVerifierKey } from '../../../core/log/verifierKey.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'

const b64u = (n: number) => encodeBase64url(new Uint8Array(n).fill(n))
const issued = { v: 1, at: 1_800_000_000, type: 'card.issued', agency: 'G09', ref: b64u(16), digest: b64u(32), kid: b64u(8) } as const

test('RFC 8785: an entry is one canonical JSON object', () => {
  const text = fromUtf8(encodeEntry(issued))
  expect(text).toBe(
    `{"agency":"G09","at":1800000000,"digest":"${b64u(32)}","kid":"${b64u(8)}","ref":"${b64u(16)}","type":"card.issued","v":1}`,
  )
  expect(parseEntry(utf8(text))).toEqual(issued)
  for (const other of [
    text.replace(',', ', '),
    text.replace('"v":1', '"v":1.0'),
    `${text}\n`,
    JSON.stringify(issued),
    text.replace('}', ',"z":1}'),
  ])
    expect(() => parseEntry(utf8(other))).toThrow('log.entry')
})

test('formats 5: every type of entry has its fields and no others', () => {
  const common = { v: 1, at: 1, agency: 'G09.12.04' } as const
  const fields = { ref: b64u(16), digest: b64u(32), kid: b64u(8), commitment: b64u(32), thumbprint: b64u(32) }
  const window = { kid: fields.kid, thumbprint: fields.thumbprint, use: 'card', notBefore: 1, notAfter: 2 } as const
  const { ref, digest, kid, commitment, thumbprint } = fields
  const entries: Entry[] = [
    { ...common, type: 'card.issued', ref, digest, kid },
    { ...common, type: 'diploma.registered', ref, digest, kid },
    { ...common, type: 'sd-jwt.issued', ref, digest, kid },
    { ...common, type: 'card.suspended', ref, commitment },
    { ...common, type: 'card.resumed', ref, commitment },
    { ...common, type: 'card.ended', ref, commitment, by: ref },
    { ...common, type: 'diploma.ended', ref, commitment },
    { ...common, type: 'diploma.corrected', ref, commitment, by: ref },
    { ...common, type: 'holder.bound', ref, thumbprint },
    { ...common, type: 'holder.unbound', ref, thumbprint },
    { ...common, type: 'key.added', ...window },
    { ...common, type: 'key.retired', ...window },
    { ...common, type: 'key.compromised', kid, thumbprint, use: 'card', logSize: 5, rootHash: digest },
    { v: 1, at: 1, type: 'trust.published', epoch: 1, seq: 2, digest },
    { ...common, type: 'status-list.changed', list: 1, digest },
  ]
  expect(entries.map(entry => entry.type)).toEqual(entryTypes)
  for (const entry of entries) {
    expect(parseEntry(encodeEntry(entry))).toEqual(entry)
    for (const personal of ['name', 'serial', 'reason', 'idx', 'photo', 'cti'])
      expect(() => encodeEntry({ ...entry, [personal]: 'x' } as Entry)).toThrow('log.entry')
    for (const field of Object.keys(entry).filter(name => name !== 'agency' && name !== 'by'))
      expect(() => encodeEntry({ ...entry, [field]: undefined } as unknown as Entry)).toThrow('log.entry')
  }
})

test('formats 5: a restricted agency leaves out agency and kid, and then both', () => {
  const { agency: _agency, kid: _kid, ...restricted } = issued
  expect(parseEntry(encodeEntry(restricted))).toEqual(restricted)
  expect(() => encodeEntry({ ...restricted, agency: 'G09' })).toThrow('go together')
  expect(() => encodeEntry({ ...restricted, kid: b64u(8) })).toThrow('go together')
})

test('base64url in entries is canonical and of one length', () => {
  for (const ref of [b64u(15), b64u(17), `${b64u(16).slice(0, -1)}B`, `${b64u(16)}=`, b64u(16).replace(/.$/, '+')])
    expect(() => encodeEntry({ ...issued, ref })).toThrow('log.entry')
})

test('an entry of a later version can be looked into', () => {
  expect(peekEntry(utf8('{"ref":"x","type":"card.issued","v":2}'))).toEqual({ ref: 'x', type: 'card.issued', v: 2 })
  expect(() => parseEntry(utf8('{"ref":"x","type":"card.issued","v":2}'))).toThrow('log.entry')
  for (const bad of ['[]', '1', 'null', '{', '{"a":1,"a":1}']) expect(() => peekEntry(utf8(bad))).toThrow('log.entry')
})

const origin = 'localhost:3000/log'
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const logKey = await makeVerifierKey(
  origin,
  'note',
  Uint8Array.from(publicKey.export({ format: 'der', type: 'spki' }).subarray(12)),
  nodeCrypto,
)
const sibling = new Uint8Array(32).fill(9)
const rootHash = nodeHash(leafHash(encodeEntry(issued), nodeCrypto.sha256), sibling, nodeCrypto.sha256)
const text = formatCheckpoint({ origin, treeSize: 2, rootHash })
const signature = Uint8Array.from(sign(null, utf8(text), privateKey))
const receipt = parseReceipt({
  v: 1,
  entry: encodeBase64url(encodeEntry(issued)),
  leafIndex: 0,
  treeSize: 2,
  inclusionPath: [encodeBase64url(sibling)],
  checkpoint: formatSignedNote({ text, signatures: [{ name: origin, keyId: logKey.keyId, signature }] }),
  anchor: null,
})

test('formats 7: a receipt proves its entry under the key of the log, without a network', async () => {
  const proven = await proveReceipt(receipt, logKey, [], nodeCrypto)
  expect(proven && parseEntry(proven.entry)).toEqual(issued)
  expect(proven?.cosignatures).toBe(0)
  expect(await rootOfReceipt({ ...receipt, checkpoint: null }, nodeCrypto)).toEqual(rootHash)
  const other = encodeEntry({ ...issued, at: issued.at + 1 })
  for (const change of [{ leafIndex: 1 }, { treeSize: 3 }, { checkpoint: null }, { inclusionPath: [] }, { entry: encodeBase64url(other) }])
    expect(await proveReceipt({ ...receipt, ...change }, logKey, [], nodeCrypto)).toBeNull()
})

test('malformed receipts are refused', () => {
  for (const change of [
    { v: 2 },
    { leafIndex: -1 },
    { inclusionPath: ['AA'] },
    { anchor: {} },
    { inclusionPath: Array(65).fill(b64u(32)) },
  ])
    expect(() => parseReceipt({ ...receipt, ...change })).toThrow('log.receipt')
})

test('a receipt of a later version keeps its meaning: other members are left out', () => {
  expect(parseReceipt({ ...receipt, summary: 1 })).toEqual(receipt)
})
