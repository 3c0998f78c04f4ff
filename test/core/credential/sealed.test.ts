import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encodeSign1, protectedHeaderFor, sign1Message, verifySign1 } from '../../../core/cose/sign1.ts'
import { type CardClaims, cardToCbor } from '../../../core/credential/card.ts'
import { type DiplomaClaims, diplomaToCbor } from '../../../core/credential/diploma.ts'
import { refOf } from '../../../core/credential/ref.ts'
import { parseSealed, readSealed, seal, sealedPayload } from '../../../core/credential/sealed.ts'
import { webCrypto } from '../../../core/crypto/webCrypto.ts'
import { toHex } from '../../../core/encoding/bytes.ts'
import { type CborValue, encodeCbor } from '../../../core/encoding/strictCbor.ts'
import { parseAgencyCode } from '../../../core/identity/agencyCode.ts'
import { makeCardSerial } from '../../../core/identity/cardSerial.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { testKey } from '../../support/antin-vectors/testKey.ts'
import { milliseconds } from '../../support/milliseconds.ts'
import { sampleCard, sampleDiploma } from '../../support/sampleClaims.ts'
import { rejectedCode, thrownCode } from '../../support/thrownCode.ts'

const key = await testKey('sealed')
const sealCard = (claims: CardClaims = sampleCard) => seal({ kid: key.kid, claims, sign: key.sign })
const sealDiploma = (claims: DiplomaClaims = sampleDiploma) => seal({ kid: key.kid, claims, sign: key.sign })

type Fields = Map<CborValue, CborValue>

/** A credential over any claims set, rightly signed. */
function signed(set: CborValue): Uint8Array {
  const header = protectedHeaderFor(key.kid)
  const payload = encodeCbor(set)
  return encodeSign1(header, payload, key.sign(sign1Message(header, payload)))
}

function changedCard(change: (fields: Fields, set: Fields) => unknown): Uint8Array {
  const set = cardToCbor(sampleCard)
  change(set.get(-65537) as Fields, set)
  return signed(set)
}

function changedDiploma(change: (fields: Fields, set: Fields) => unknown): Uint8Array {
  const set = diplomaToCbor(sampleDiploma)
  change(set.get(-65538) as Fields, set)
  return signed(set)
}

describe('what is sealed', () => {
  test('a card comes back whole and verifies with both ports', async () => {
    const bytes = await sealCard()
    const parsed = parseSealed(bytes)
    expect(parsed).toMatchObject({ kind: 'card', claims: sampleCard, newer: [] })
    expect(toHex(parsed.kid)).toBe(toHex(key.kid))
    expect(toHex(parsed.payload)).toBe(toHex(sealedPayload(sampleCard)))
    expect(verifySign1(parsed, key.jwk, nodeCrypto)).toBe(true)
    expect(await verifySign1(parsed, key.jwk, webCrypto)).toBe(true)
  })

  test('a diploma comes back whole, with all fields and with the fewest', async () => {
    expect(parseSealed(await sealDiploma())).toMatchObject({ kind: 'diploma', claims: sampleDiploma })
    const { holderName, title, awarded, status, basis } = sampleDiploma.diploma
    const fewest = { ...sampleDiploma, diploma: { registerNumber: '7', holderName, title, awarded, status, basis } }
    expect(parseSealed(await sealDiploma(fewest)).claims).toEqual(fewest)
  })

  test('every card and diploma that the types allow comes back as it went in', async () => {
    const words = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .map(text => text.toWellFormed().normalize('NFC'))
      .filter(text => text !== '')
    const code = fc.constantFrom('G09', 'G09.12.04', 'H49.5A').map(parseAgencyCode)
    const time = fc.integer({ min: 0, max: 253_402_300_799 })
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    const status = fc.record({ list: fc.nat(0xffffffff), idx: fc.nat(131_071) })
    const card = fc.record({ iss: code, iat: time, exp: time, cti: bytes(16), card: fc.record(
      { serial: fc.integer({ min: 1, max: 9_999_999 }).map(n => makeCardSerial(parseAgencyCode('H01'), 2030, n)), fullName: words, position: words, usingAgency: fc.constant(parseAgencyCode('G22.1')), category: fc.constantFrom(0, 1, 2, 3, 4, 5), photo: bytes(16), status },
      { requiredKeys: ['serial', 'fullName', 'position', 'category', 'status'] },
    ) }) as fc.Arbitrary<CardClaims> // biome-ignore format: a record reads as a block
    const date = fc.constantFrom('1975', '1975-04', '1975-04-30', '2024-02-29')
    const number = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 })
    const diploma = fc.record({ iss: code, iat: time, exp: time, cti: bytes(16), diploma: fc.record(
      { number, holderName: words, title: words, field: words, awarded: date, classification: words, status, document: bytes(32), registerNumber: number, birthDate: date, institutionThen: words, basis: fc.constantFrom(0, 1, 2, 3) },
      { requiredKeys: ['number', 'holderName', 'title', 'awarded', 'status', 'basis'] },
    ) }, { requiredKeys: ['iss', 'iat', 'cti', 'diploma'] }) as fc.Arbitrary<DiplomaClaims> // biome-ignore format: a record reads as a block
    await fc.assert(
      fc.asyncProperty(fc.oneof(card, diploma), async claims => {
        const sealed = await seal({ kid: key.kid, claims, sign: () => new Uint8Array(64) })
        expect(parseSealed(sealed).claims).toEqual(claims)
      }),
      { numRuns: 500 },
    )
  })

  test('the ref is the first 16 bytes of SHA-256("antin/ref/1" ‖ cti), with both ports', async () => {
    const digest = nodeCrypto.sha256(Buffer.concat([Buffer.from('antin/ref/1'), sampleCard.cti]))
    expect(toHex(await refOf(sampleCard.cti, nodeCrypto))).toBe(toHex(digest.subarray(0, 16)))
    expect(toHex(await refOf(sampleCard.cti, webCrypto))).toBe(toHex(digest.subarray(0, 16)))
  })

  test('a signer that answers high s is made low, and one that answers DER is refused', async () => {
    const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const high = (message: Uint8Array) => {
      const signature = Buffer.from(key.sign(message))
      signature.write((n - BigInt(`0x${signature.toString('hex', 32)}`)).toString(16).padStart(64, '0'), 32, 'hex')
      return new Uint8Array(signature)
    }
    const bytes = await seal({ kid: key.kid, claims: sampleCard, sign: high })
    expect(toHex(bytes)).toBe(toHex(await sealCard()))
    expect(await rejectedCode(seal({ kid: key.kid, claims: sampleCard, sign: () => new Uint8Array(70) }))).toBe('format.signature-length')
  })

  test('claims that break a rule are not sealed, and nothing is signed', async () => {
    const never = () => {
      throw new Error('signed')
    }
    const card = (more: object) =>
      seal({ kid: key.kid, claims: { ...sampleCard, card: { ...sampleCard.card, ...more } } as CardClaims, sign: never })
    expect(await rejectedCode(card({ fullName: '' }))).toBe('format.card')
    expect(await rejectedCode(card({ fullName: 'Nguyễn'.normalize('NFD') }))).toBe('encoding.cbor')
    expect(await rejectedCode(card({ usingAgency: 'G09' }))).toBe('format.card')
    expect(await rejectedCode(card({ category: 6 }))).toBe('format.claims')
    expect(await rejectedCode(card({ category: 1.5 }))).toBe('encoding.cbor')
    expect(await rejectedCode(card({ photo: new Uint8Array(32) }))).toBe('format.card')
    expect(await rejectedCode(card({ serial: 'G09-26-0000123-X' }))).toBe('format.card')
    expect(await rejectedCode(seal({ kid: key.kid, claims: { ...sampleCard, cti: new Uint8Array(15) }, sign: never }))).toBe(
      'format.claims',
    )
    expect(await rejectedCode(seal({ kid: new Uint8Array(9), claims: sampleCard, sign: never }))).toBe('format.kid')
  })
})

describe('what is broken fails', () => {
  test.each<[string, string, (fields: Fields, set: Fields) => unknown]>([
    ['no iss', 'format.claims', (_, set) => set.delete(1)],
    ['iss that is no code', 'format.claims', (_, set) => set.set(1, 'g09')],
    ['iss as a number', 'format.claims', (_, set) => set.set(1, 9)],
    ['no iat', 'format.claims', (_, set) => set.delete(6)],
    ['negative iat', 'format.claims', (_, set) => set.set(6, -1)],
    ['iat as text', 'format.claims', (_, set) => set.set(6, '2026')],
    ['iat past the year 9999', 'format.claims', (_, set) => set.set(6, 253_402_300_800)],
    ['exp at 2^53 - 1', 'format.claims', (_, set) => set.set(4, Number.MAX_SAFE_INTEGER)],
    ['no exp in a card', 'format.card', (_, set) => set.delete(4)],
    ['no cti', 'format.claims', (_, set) => set.delete(7)],
    ['cti of 15 bytes', 'format.claims', (_, set) => set.set(7, new Uint8Array(15))],
    ['a claim label that is null', 'format.claims', (_, set) => set.set(null, 1)],
    ['no card and no diploma', 'format.claims', (_, set) => set.delete(-65537)],
    ['a card and a diploma', 'format.claims', (_, set) => set.set(-65538, diplomaToCbor(sampleDiploma).get(-65538)!)],
    ['a card that is no map', 'format.card', (_, set) => set.set(-65537, [1])],
    ['a field label that is true', 'format.card', fields => fields.set(true, 1)],
    ...[1, 2, 3, 5, 7].map((label): [string, string, (fields: Fields) => unknown] => [
      `no field ${label}`,
      'format.card',
      fields => fields.delete(label),
    ]),
    ...[1, 2, 3, 4].map((label): [string, string, (fields: Fields) => unknown] => [
      `empty field ${label}`,
      'format.card',
      fields => fields.set(label, ''),
    ]),
    ['a serial with a wrong check character', 'format.card', fields => fields.set(1, 'G09-26-0000123-K')],
    ['a name that is bytes', 'format.card', fields => fields.set(2, new Uint8Array(4))],
    ['using agency equal to iss', 'format.card', fields => fields.set(4, 'G09')],
    ['using agency that is no code', 'format.card', fields => fields.set(4, 'Vụ')],
    ['a negative category', 'format.card', fields => fields.set(5, -1)],
    ['a category as text', 'format.card', fields => fields.set(5, 'CC')],
    ['a photo of 32 bytes', 'format.card', fields => fields.set(6, new Uint8Array(32))],
    ['a photo of no bytes', 'format.card', fields => fields.set(6, new Uint8Array(0))],
    ['a status of one number', 'format.card', fields => fields.set(7, [1])],
    ['a status of three numbers', 'format.card', fields => fields.set(7, [1, 2, 3])],
    ['a negative index', 'format.card', fields => fields.set(7, [1, -2])],
    ['an index of 2^32', 'format.card', fields => fields.set(7, [1, 2 ** 32])],
    ['a status that is a map', 'format.card', fields => fields.set(7, new Map([[0, 1], [1, 1]]))], // biome-ignore format: a row
    ['a broken field beside an unknown one', 'format.card', fields => fields.set(2, '').set(8, 1)],
  ])('card: %s', (_, code, change) => {
    const bytes = changedCard(change)
    expect(thrownCode(() => parseSealed(bytes))).toBe(code)
    expect(thrownCode(() => readSealed(bytes))).toBe(code)
  })

  test.each<[string, string, (fields: Fields, set: Fields) => unknown]>([
    ...[2, 3, 5, 7, 12].map((label): [string, string, (fields: Fields) => unknown] => [
      `no field ${label}`,
      'format.diploma',
      fields => fields.delete(label),
    ]),
    ...[1, 2, 3, 4, 5, 6, 9, 10, 11].map((label): [string, string, (fields: Fields) => unknown] => [
      `empty field ${label}`,
      'format.diploma',
      fields => fields.set(label, ''),
    ]),
    ['neither số hiệu nor số vào sổ', 'format.diploma', fields => fields.delete(1) && fields.delete(9)],
    ['a số hiệu of 41 characters', 'format.diploma', fields => fields.set(1, 'x'.repeat(41))],
    ['a số vào sổ of 41 characters', 'format.diploma', fields => fields.set(9, 'ơ'.repeat(41))],
    ...['26', '2026-13', '2026-00', '2026-6-30', '2026-02-29', '2026-06-31', '2026-06-30T00:00', '30/06/2026', '20260630'].map(
      (date): [string, string, (fields: Fields) => unknown] => [`awarded ${date}`, 'format.diploma', fields => fields.set(5, date)],
    ),
    ['a birth date that does not exist', 'format.diploma', fields => fields.set(10, '1900-02-29')],
    ['a document of 31 bytes', 'format.diploma', fields => fields.set(8, new Uint8Array(31))],
    ['a negative basis', 'format.diploma', fields => fields.set(12, -1)],
    ['exp that is null', 'format.claims', (_, set) => set.set(4, null)],
  ])('diploma: %s', (_, code, change) => {
    expect(thrownCode(() => parseSealed(changedDiploma(change)))).toBe(code)
  })

  test('40 characters are counted as characters, not as UTF-16 units', () => {
    expect(thrownCode(() => parseSealed(changedDiploma(fields => fields.set(1, '𝟙'.repeat(40)))))).toBe('none')
  })

  test('a payload that is no map, and bytes past the cap', () => {
    expect(thrownCode(() => parseSealed(signed([1])))).toBe('format.claims')
    expect(thrownCode(() => parseSealed(new Uint8Array(4097)))).toBe('format.cap')
    expect(thrownCode(() => parseSealed(changedCard(fields => fields.set(2, 'x'.repeat(4000)))))).toBe('format.cap')
  })
})

describe('what is newer is neither valid nor broken', () => {
  test.each<[string, string[], Uint8Array]>([
    ['an unknown claim', ['claim'], changedCard((_, set) => set.set(-65600, 'x'))],
    ['an unknown registered claim', ['claim'], changedCard((_, set) => set.set(5, 1_700_000_000))],
    ['a claim with a name', ['claim'], changedCard((_, set) => set.set('x', [1]))],
    ['an unknown field', ['field'], changedCard(fields => fields.set(8, 'x'))],
    ['a field with a name', ['field'], changedCard(fields => fields.set('x', 'x'))],
    ['category 6', ['category'], changedCard(fields => fields.set(5, 6))],
    ['basis 4', ['basis'], changedDiploma(fields => fields.set(12, 4))],
    ['field 13 of a diploma', ['field'], changedDiploma(fields => fields.set(13, 1))],
    ['all at once', ['claim', 'category', 'field'], changedCard((fields, set) => set.set(9, 1) && fields.set(5, 99).set(0, 1))],
  ])('%s', (_, newer, bytes) => {
    expect(thrownCode(() => parseSealed(bytes))).toBe('format.newer')
    const read = readSealed(bytes)
    expect(read.newer).toEqual(newer)
    expect(verifySign1(read, key.jwk, nodeCrypto)).toBe(true)
    expect(read.claims.iat).toBe(sampleCard.iat)
  })

  test('a kind of credential that is unknown', () => {
    const bytes = changedCard((_, set) => set.delete(-65537) && set.set(-65540, new Map()))
    expect(thrownCode(() => parseSealed(bytes))).toBe('format.newer')
    expect(thrownCode(() => readSealed(bytes))).toBe('format.newer')
  })
})

describe('hostile bytes', () => {
  test('any one bit flipped: it does not parse, or its signature is wrong', async () => {
    for (const bytes of [await sealCard(), await sealDiploma()]) {
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        const flipped = bytes.slice()
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        let genuine = false
        try {
          const parsed = parseSealed(flipped)
          genuine = toHex(parsed.kid) === toHex(key.kid) && (verifySign1(parsed, key.jwk, nodeCrypto) as boolean)
        } catch (error) {
          expect(error).toMatchObject({ name: 'AppError', code: expect.stringMatching(/^format\./) })
        }
        expect(genuine).toBe(false)
      }
    }
  })

  test('every truncation and every byte appended is broken', async () => {
    const bytes = await sealCard()
    for (let length = 0; length < bytes.length; length++)
      expect(thrownCode(() => parseSealed(bytes.subarray(0, length)))).toMatch(/^format\./)
    for (let byte = 0; byte < 256; byte++) expect(thrownCode(() => parseSealed(Uint8Array.of(...bytes, byte)))).toMatch(/^format\./)
  })

  test('any bytes at all: an answer or an AppError format.*, within 50 ms', async () => {
    const bytes = await sealCard()
    const mangled = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }).map(changes => {
      const copy = bytes.slice()
      for (const [at, byte] of changes) copy[at] = byte
      return copy
    })
    const deep = fc.integer({ min: 1, max: 4096 }).map(length => new Uint8Array(length).fill(0x81).fill(0xd2, 0, 1))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 4096, size: 'max' }), mangled, deep), input => {
        const judge = () => expect(thrownCode(() => parseSealed(input))).toMatch(/^(none|format\..*)$/)
        expect(milliseconds(judge, 50)).toBeLessThan(50)
      }),
      { numRuns: 5000 },
    )
  })
})
