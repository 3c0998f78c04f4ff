import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { concatBytes, fromHex, utf8 } from '../../../core/encoding/bytes.ts'
import { countCosignatures, formatCheckpoint, isSignedBy, openCheckpoint, parseCheckpoint } from '../../../core/log/checkpoint.ts'
import { cosignatureField, cosignedMessage } from '../../../core/log/cosignedMessage.ts'
import { formatSignedNote, parseSignedNote } from '../../../core/log/signedNote.ts'
import { formatVerifierKey, makeVerifierKey, parseVerifierKey } from '../../../core/log/verifierKey.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'

const peterNeumann = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const published = `If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`

test("C2SP signed-note: the note of Go's package verifies", async () => {
  const key = await parseVerifierKey(peterNeumann, nodeCrypto)
  expect(formatVerifierKey(key)).toBe(peterNeumann)
  const note = parseSignedNote(published)
  expect(formatSignedNote(note)).toBe(published)
  expect(await isSignedBy(note, key, nodeCrypto)).toBe(true)
  expect(await isSignedBy({ ...note, text: note.text.replace('answer', 'Answer') }, key, nodeCrypto)).toBe(false)
})

test('C2SP signed-note: the id of a verifier key belongs to its name, algorithm and key', async () => {
  await parseVerifierKey('sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8', nodeCrypto)
  for (const bad of [
    'sum.golang.com+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
    'sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
    'sum.golang.org+033de0ae+BM4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
    'sum.golang.org+033de0ae+Ac4zctda0e5eza',
    '',
  ])
    await expect(parseVerifierKey(bad, nodeCrypto)).rejects.toThrow('log.note')
})

const newKey = async (name: string, kind: 'note' | 'cosignature') => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(12)
  return { key: await makeVerifierKey(name, kind, Uint8Array.from(raw), nodeCrypto), privateKey }
}
const signed = (message: Uint8Array, key: KeyObject) => Uint8Array.from(sign(null, message, key))

const origin = 'localhost:3000/log'
const log = await newKey(origin, 'note')
const text = formatCheckpoint({ origin, treeSize: 20_852_163, rootHash: new Uint8Array(32).fill(7) })
const ownLine = { name: origin, keyId: log.key.keyId, signature: signed(utf8(text), log.privateKey) }

test('C2SP tlog-checkpoint: a checkpoint opens under the key of its origin only', async () => {
  const note = formatSignedNote({ text, signatures: [ownLine] })
  const opened = await openCheckpoint(note, log.key, nodeCrypto)
  expect(opened).toMatchObject({ origin, treeSize: 20_852_163 })
  expect(await openCheckpoint(note.replace('20852163', '20852164'), log.key, nodeCrypto)).toBeNull()
  expect(await openCheckpoint(note, (await newKey(origin, 'note')).key, nodeCrypto)).toBeNull()
  const renamed = await makeVerifierKey('other/log', 'note', log.key.publicKey, nodeCrypto)
  const line = { ...ownLine, name: 'other/log', keyId: renamed.keyId }
  expect(await openCheckpoint(formatSignedNote({ text, signatures: [line] }), renamed, nodeCrypto)).toBeNull()
})

test('C2SP tlog-cosignature: witnesses are counted once each, bad cosignatures not at all', async () => {
  const witnesses = await Promise.all(['w1.example', 'w2.example', 'w3.example'].map(name => newKey(name, 'cosignature')))
  const cosign = (witness: (typeof witnesses)[number], time: number) => ({
    name: witness.key.name,
    keyId: witness.key.keyId,
    signature: cosignatureField(time, signed(cosignedMessage(text, time), witness.privateKey)),
  })
  const [w1, w2, w3] = witnesses as [(typeof witnesses)[0], (typeof witnesses)[0], (typeof witnesses)[0]]
  const forged = {
    ...cosign(w3, 1_800_000_000),
    signature: cosignatureField(1_800_000_001, cosign(w3, 1_800_000_000).signature.subarray(8)),
  }
  const note = { text, signatures: [ownLine, cosign(w1, 1_800_000_000), cosign(w1, 1_800_000_060), cosign(w2, 1_800_000_000), forged] }
  const keys = witnesses.map(w => w.key)
  expect(await countCosignatures(parseSignedNote(formatSignedNote(note)), keys, nodeCrypto)).toBe(2)
  const w1Again = await makeVerifierKey('alias.example', 'cosignature', w1.key.publicKey, nodeCrypto)
  const twice = { text, signatures: [cosign(w1, 9), { ...cosign(w1, 9), name: 'alias.example', keyId: w1Again.keyId }] }
  expect(await countCosignatures(twice, [w1.key, w1Again], nodeCrypto)).toBe(1)
})

test('C2SP tlog-cosignature: what a witness signs', () => {
  const example = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'
  expect(cosignedMessage(example, 1_679_315_147)).toEqual(utf8(`cosignature/v1\ntime 1679315147\n${example}`))
  expect(cosignatureField(1, new Uint8Array(64))).toEqual(concatBytes(fromHex('0000000000000001'), new Uint8Array(64)))
})

test('malformed checkpoints and notes are refused', async () => {
  for (const bad of [
    '',
    'a\n',
    'a\n1\n',
    'a\n01\nAAAA\n',
    `a\n-1\n${'A'.repeat(43)}=\n`,
    `a\n1\n${'A'.repeat(42)}B=\n`,
    `a\n1\n${'A'.repeat(43)}=`,
  ])
    expect(() => parseCheckpoint(bad)).toThrow('log.checkpoint')
  expect(parseCheckpoint(`a\n1\n${'A'.repeat(43)}=\nextension\n`).treeSize).toBe(1)
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async junk => {
      expect(await openCheckpoint(junk, log.key, nodeCrypto)).toBeNull()
      expect(await openCheckpoint(`${text}\n— ${junk}\n`, log.key, nodeCrypto)).toBeNull()
    }),
  )
})
