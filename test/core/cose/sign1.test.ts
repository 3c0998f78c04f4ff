import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from '@jest/globals'
import { isLowS, toLowS } from '../../../core/cose/lowS.ts'
import { encodeSign1, parseSign1, protectedHeaderFor, sign1Message, verifySign1 } from '../../../core/cose/sign1.ts'
import { fromHex, toHex } from '../../../core/encoding/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../../core/encoding/strictCbor.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { testKey } from '../../support/antin-vectors/testKey.ts'
import { thrownCode } from '../../support/thrownCode.ts'

const folder = resolve(import.meta.dirname, '../../..', process.env.ANTIN_VECTORS ?? '../shared/vectors', 'cose')
const files = existsSync(folder) ? readdirSync(folder) : []
const signer = await testKey('sign1')
const another = await testKey('another')
const kid = fromHex('0102030405060708')
const payload = encodeCbor(new Map([[1, 'G09']]))
const header = protectedHeaderFor(kid)
const message = sign1Message(header, payload)
const signature = signer.sign(message)
const sealed = encodeSign1(header, payload, signature)

interface Vector {
  input: { sign0: { key: { kty: 'EC'; crv: 'P-256'; x: string; y: string }; external?: string } }
  intermediates: { ToBeSign_hex: string }
  output: { cbor: string }
}

if (files.length === 0) console.log(`Skipped: the COSE working group's examples are not at ${folder}`)

for (const file of files.filter(name => /pass|ecdsa/.test(name))) {
  test(`RFC 9052 4.4, ${file}: the Sig_structure is the one printed, and the signature is over it`, () => {
    const vector = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Vector
    if (vector.input.sign0.external) return
    const bytes = Buffer.from(vector.output.cbor, 'hex')
    const [protectedHeader, , content, mac] = decodeCbor(bytes[0] === 0xd2 ? bytes.subarray(1) : bytes) as [
      Uint8Array,
      unknown,
      Uint8Array,
      Uint8Array,
    ]
    // sign-pass-01 holds an encoded empty map, which RFC 9052 3 turns into an empty byte string for the signature.
    const signedHeader = toHex(protectedHeader) === 'a0' ? new Uint8Array(0) : protectedHeader
    const toBeSigned = sign1Message(signedHeader, content)
    expect(toHex(toBeSigned)).toBe(vector.intermediates.ToBeSign_hex.toLowerCase())
    expect(nodeCrypto.verifyEs256(vector.input.sign0.key, toBeSigned, mac)).toBe(true)
  })
}

for (const file of files) {
  test(`${file}: is not of our exact form, so it never parses as ours`, () => {
    const vector = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Vector
    expect(thrownCode(() => parseSign1(Buffer.from(vector.output.cbor, 'hex')))).toMatch(/^format\./)
  })
}

test('what we write is exactly tag 18, {1: -7, 4: kid}, {}, payload, 64 bytes', () => {
  expect(toHex(sealed)).toBe(`d2844da2012604480102030405060708a046a10163473039584${'0'}${toHex(signature)}`)
  const parsed = parseSign1(sealed)
  expect(toHex(parsed.kid)).toBe('0102030405060708')
  expect(toHex(parsed.signedMessage)).toBe(toHex(message))
  expect(parsed.newer).toEqual([])
  expect(verifySign1(parsed, signer.jwk, nodeCrypto)).toBe(true)
  expect(verifySign1(parsed, another.jwk, nodeCrypto)).toBe(false)
  expect(thrownCode(() => protectedHeaderFor(new Uint8Array(7)))).toBe('format.kid')
})

const parts = (...items: CborValue[]) => new Uint8Array([0xd2, ...encodeCbor(items)])
const headerOf = (...entries: [CborValue, CborValue][]) => encodeCbor(new Map(entries))
const none = new Map()

test.each<[string, Uint8Array, string]>([
  ['no bytes', new Uint8Array(0), 'format.structure'],
  ['no tag', sealed.subarray(1), 'format.structure'],
  ['tag 17', Uint8Array.of(0xd1, ...sealed.subarray(1)), 'format.tag'],
  ['tag 98 (COSE_Sign)', Uint8Array.of(0xd8, 98, ...sealed.subarray(1)), 'format.tag'],
  ['tag 18 in two bytes', Uint8Array.of(0xd8, 18, ...sealed.subarray(1)), 'format.tag'],
  ['the tag twice', Uint8Array.of(0xd2, ...sealed), 'format.cbor'],
  ['one byte more', Uint8Array.of(...sealed, 0), 'format.cbor'],
  ['one byte less', sealed.subarray(0, -1), 'format.cbor'],
  ['three parts', parts(header, none, payload), 'format.structure'],
  ['five parts', parts(header, none, payload, signature, 0), 'format.structure'],
  ['a header that is a map', parts(new Map(), none, payload, signature), 'format.structure'],
  ['no payload', parts(header, none, null, signature), 'format.structure'],
  ['an unprotected header that is no map', parts(header, [], payload, signature), 'format.structure'],
  ['a protected header that is no map', parts(encodeCbor([1]), none, payload, signature), 'format.header'],
  ['an empty protected header', parts(new Uint8Array(0), none, payload, signature), 'format.cbor'],
  ['a protected header out of order', parts(fromHex('a2044801020304050607080126'), none, payload, signature), 'format.cbor'],
  ['no alg', parts(headerOf([4, kid]), none, payload, signature), 'format.header'],
  ['alg only in the unprotected header', parts(headerOf([4, kid]), new Map([[1, -7]]), payload, signature), 'format.header'],
  ['alg null', parts(headerOf([1, null], [4, kid]), none, payload, signature), 'format.header'],
  ['no kid', parts(headerOf([1, -7]), none, payload, signature), 'format.kid'],
  ['kid of 7 bytes', parts(headerOf([1, -7], [4, kid.subarray(1)]), none, payload, signature), 'format.kid'],
  ['kid of 9 bytes', parts(headerOf([1, -7], [4, new Uint8Array(9)]), none, payload, signature), 'format.kid'],
  ['kid as text', parts(headerOf([1, -7], [4, 'AQIDBAUG']), none, payload, signature), 'format.kid'],
  ['alg in both headers', parts(header, new Map([[1, -7]]), payload, signature), 'format.header'],
  ['a label that is a byte string', parts(headerOf([1, -7], [4, kid], [kid, 1]), none, payload, signature), 'format.header'],
  ['a payload head longer than needed', fromHex(toHex(sealed).replace('a046a1', 'a05806a1')), 'format.cbor'],
  ['a payload head far longer than needed', fromHex(toHex(sealed).replace('a046a1', 'a0590006a1')), 'format.cbor'],
  ['a signature of 63 bytes', parts(header, none, payload, signature.subarray(1)), 'format.signature-length'],
  ['a signature of 65 bytes', parts(header, none, payload, new Uint8Array(65)), 'format.signature-length'],
  ['a DER signature', parts(header, none, payload, new Uint8Array(71)), 'format.signature-length'],
])('broken: %s', (_, bytes, code) => {
  expect(thrownCode(() => parseSign1(bytes))).toBe(code)
})

test.each<[string, Uint8Array, string[]]>([
  ['ES384', parts(headerOf([1, -35], [4, kid]), none, payload, new Uint8Array(96)), ['alg']],
  ['EdDSA', parts(headerOf([1, -8], [4, kid]), none, payload, signature), ['alg']],
  ['an algorithm with a name', parts(headerOf([1, 'ML-DSA-44'], [4, kid]), none, payload, new Uint8Array(2420)), ['alg']],
  ['crit', parts(headerOf([1, -7], [2, [70000]], [4, kid]), none, payload, signature), ['header']],
  ['a content type', parts(headerOf([1, -7], [3, 0], [4, kid]), none, payload, signature), ['header']],
  ['an unprotected label', parts(header, new Map([[394, 'x']]), payload, signature), ['header']],
])('well formed, but newer: %s', (_, bytes, newer) => {
  expect(parseSign1(bytes).newer).toEqual(newer)
})

test('payloads of any length have the parts that CBOR gives them', () => {
  for (const length of [0, 1, 23, 24, 25, 255, 256, 257, 4000, 65_535, 65_536]) {
    const long = new Uint8Array(length).fill(7)
    const parsed = parseSign1(encodeSign1(header, long, signature))
    expect([parsed.payload, parsed.signature, parsed.kid]).toEqual([long, signature, kid])
    expect(toHex(parsed.signedMessage)).toBe(toHex(sign1Message(header, long)))
  }
})

test('any byte changed: parsed and refused as CBOR decoding says', () => {
  for (let at = 0; at < sealed.length - 64; at++) {
    for (let byte = 0; byte < 256; byte++) {
      const changed = sealed.slice()
      changed[at] = byte
      let parts: CborValue[] | null = null
      try {
        const decoded = changed[0] === 0xd2 ? decodeCbor(changed.subarray(1)) : null
        if (Array.isArray(decoded) && decoded.length === 4) parts = decoded as CborValue[]
      } catch {
        parts = null
      }
      if (thrownCode(() => parseSign1(changed)) !== 'none') continue
      const parsed = parseSign1(changed)
      expect(parts).toMatchObject([expect.anything(), expect.anything(), parsed.payload, parsed.signature])
      expect(toHex(parsed.signedMessage)).toBe(toHex(sign1Message(parts![0] as Uint8Array, parsed.payload)))
    }
  }
})

test('formats 1: high s verifies mathematically and is still no signature', () => {
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const s = BigInt(`0x${toHex(signature.subarray(32))}`)
  const high = fromHex(toHex(signature.subarray(0, 32)) + (n - s).toString(16).padStart(64, '0'))
  expect(nodeCrypto.verifyEs256(signer.jwk, message, high)).toBe(true)
  const parsed = parseSign1(encodeSign1(header, payload, high))
  expect(verifySign1(parsed, signer.jwk, nodeCrypto)).toBe(false)
  expect(toHex(toLowS(high))).toBe(toHex(signature))
  expect(toLowS(signature)).toBe(signature)
})

test('the border of low s is half the order, itself low', () => {
  const half = '7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8'
  const withS = (s: string) => fromHex('11'.repeat(32) + s)
  expect(isLowS(withS(half))).toBe(true)
  expect(isLowS(withS(`${half.slice(0, -1)}9`))).toBe(false)
  expect(isLowS(withS('00'.repeat(32)))).toBe(true)
  expect(isLowS(withS('ff'.repeat(32)))).toBe(false)
  expect(toHex(toLowS(withS(`${half.slice(0, -1)}9`)))).toBe('11'.repeat(32) + half)
})
