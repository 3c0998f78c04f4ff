import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encodeSign1, protectedHeaderFor, sign1Message } from '../../../core/cose/sign1.ts'
import { encodeLive, type LiveCard, liveFailure, liveMessage, parseLive } from '../../../core/credential/live.ts'
import { type LiveBinding, maxBindingLifetime, parseBinding, sealBinding } from '../../../core/credential/liveBinding.ts'
import { refOf } from '../../../core/credential/ref.ts'
import { seal } from '../../../core/credential/sealed.ts'
import { webCrypto } from '../../../core/crypto/webCrypto.ts'
import { toHex } from '../../../core/encoding/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../../core/encoding/strictCbor.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { testKey } from '../../support/antin-vectors/testKey.ts'
import { sampleCard, sampleDiploma } from '../../support/sampleClaims.ts'
import { rejectedCode, thrownCode } from '../../support/thrownCode.ts'

const agency = await testKey('live-agency')
const holder = await testKey('live-holder')
const host = 'the.moha.gov.vn'
const now = 1_767_300_000
const sealed = await seal({ kid: agency.kid, claims: sampleCard, sign: agency.sign })
const binding: LiveBinding = { ref: await refOf(sampleCard.cti, nodeCrypto), holderKey: holder.jwk, iat: now - 3600, exp: now + 3600 }

async function show(
  change: {
    binding?: Partial<LiveBinding>
    time?: number
    host?: string
    sealed?: Uint8Array
    signer?: typeof holder
    agency?: typeof agency
  } = {},
): Promise<Uint8Array> {
  const by = change.agency ?? agency
  const card = change.sealed ?? sealed
  const bound = await sealBinding({ kid: by.kid, binding: { ...binding, ...change.binding }, sign: by.sign })
  const time = change.time ?? now
  const signature = (change.signer ?? holder).sign(liveMessage(change.host ?? host, nodeCrypto.sha256(card), time))
  return encodeLive({ sealed: card, binding: bound, time, signature })
}

const judge = (live: LiveCard, at = now) => liveFailure(live, { key: agency.jwk, host, now: at, crypto: nodeCrypto })

test('formats 10: the holder’s key signs "antin/live/1" ‖ host ‖ SHA-256(sealed) ‖ time', () => {
  const digest = nodeCrypto.sha256(sealed)
  expect(toHex(liveMessage('h', digest, 0x0102030405))).toBe(`${toHex(Buffer.from('antin/live/1h'))}${toHex(digest)}0000000102030405`)
})

test('a card shown by its holder passes with both ports', async () => {
  const live = parseLive(await show())
  expect(live.sealed.claims).toEqual(sampleCard)
  expect(live.binding).toMatchObject(binding)
  expect(await judge(live)).toBeUndefined()
  expect(await liveFailure(live, { key: agency.jwk, host, now, crypto: webCrypto })).toBeUndefined()
})

test('it is fresh for 30 s and 120 s of skew, to the second', async () => {
  const live = parseLive(await show())
  expect(await judge(live, now + 150)).toBeUndefined()
  expect(await judge(live, now + 151)).toBe('time')
  expect(await judge(live, now - 120)).toBeUndefined()
  expect(await judge(live, now - 121)).toBe('time')
})

test('each part is bound to the others', async () => {
  const other = await seal({ kid: agency.kid, claims: { ...sampleCard, cti: new Uint8Array(16) }, sign: agency.sign })
  const stranger = await testKey('stranger')
  expect(await judge(parseLive(await show({ agency: stranger })))).toBe('binding.signature')
  expect(await judge(parseLive(await show({ sealed: other })))).toBe('binding.ref')
  expect(await judge(parseLive(await show({ binding: { ref: new Uint8Array(16) } })))).toBe('binding.ref')
  expect(await judge(parseLive(await show({ binding: { iat: now - 7200, exp: now - 121 } })))).toBe('binding.expired')
  expect(await judge(parseLive(await show({ binding: { iat: now + 121 } })))).toBe('binding.not-yet-valid')
  expect(await judge(parseLive(await show({ signer: stranger })))).toBe('signature')
  expect(await judge(parseLive(await show({ host: 'evil.example' })))).toBe('signature')
  const live = parseLive(await show())
  expect(await judge({ ...live, time: now + 1 })).toBe('signature')
})

test('a binding lives 30 days at most, and its key is P-256', async () => {
  const make = (change: Partial<LiveBinding>) => sealBinding({ kid: agency.kid, binding: { ...binding, ...change }, sign: agency.sign })
  expect(await rejectedCode(make({ exp: binding.iat + maxBindingLifetime }))).toBe('none')
  expect(await rejectedCode(make({ exp: binding.iat + maxBindingLifetime + 1 }))).toBe('format.binding')
  expect(await rejectedCode(make({ exp: binding.iat - 1 }))).toBe('format.binding')
  expect(await rejectedCode(make({ ref: new Uint8Array(15) }))).toBe('format.binding')
  expect(await rejectedCode(make({ holderKey: { ...holder.jwk, x: 'AAAA' } }))).toBe('format.binding')
})

test('a binding with an unknown claim or header is newer; a sealed card is no binding', async () => {
  const set = decodeCbor(parseBinding(await sealBinding({ kid: agency.kid, binding, sign: agency.sign })).payload) as Map<
    CborValue,
    CborValue
  >
  const resigned = (payload: Uint8Array, header = protectedHeaderFor(agency.kid)) =>
    encodeSign1(header, payload, agency.sign(sign1Message(header, payload)))
  expect(thrownCode(() => parseBinding(resigned(encodeCbor(new Map([...set, [9, 1]])))))).toBe('format.newer')
  const header = encodeCbor(new Map<CborValue, CborValue>([[1, -7], [3, 0], [4, agency.kid]])) // biome-ignore format: a header reads as a line
  expect(thrownCode(() => parseBinding(resigned(encodeCbor(set), header)))).toBe('format.newer')
  expect(thrownCode(() => parseBinding(sealed))).toBe('format.binding')
})

test('only the array of four is a live card, and only of a card', async () => {
  const parts = decodeCbor(await show()) as CborValue[]
  expect(thrownCode(() => parseLive(encodeCbor([...parts, 1])))).toBe('format.live')
  expect(thrownCode(() => parseLive(encodeCbor(parts.slice(0, 3))))).toBe('format.live')
  expect(thrownCode(() => parseLive(encodeCbor([parts[0]!, parts[1]!, -1, parts[3]!])))).toBe('format.live')
  expect(thrownCode(() => parseLive(encodeCbor([parts[0]!, parts[1]!, 'now', parts[3]!])))).toBe('format.live')
  expect(thrownCode(() => parseLive(encodeCbor([parts[0]!, parts[1]!, now, new Uint8Array(63)])))).toBe('format.signature-length')
  expect(thrownCode(() => parseLive(encodeCbor(new Map())))).toBe('format.live')
  expect(thrownCode(() => parseLive(new Uint8Array(5000)))).toBe('format.cap')
  expect(thrownCode(() => parseLive(sealed))).toBe('format.cbor')
  const diploma = await seal({ kid: agency.kid, claims: sampleDiploma, sign: agency.sign })
  expect(thrownCode(() => parseLive(encodeCbor([diploma, ...parts.slice(1)])))).toBe('format.live')
})

test('any one bit flipped: it does not parse, or it is not shown by its holder', async () => {
  const bytes = await show()
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = bytes.slice()
    flipped[bit >> 3]! ^= 1 << (bit & 7)
    let failure: string | undefined
    try {
      failure = await judge(parseLive(flipped))
    } catch (error) {
      expect(error).toMatchObject({ name: 'AppError' })
      continue
    }
    expect({ bit, failure }).toEqual({ bit, failure: expect.any(String) })
  }
})

test('any bytes at all: an answer or an AppError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600, size: 'max' }), bytes => {
      expect(thrownCode(() => parseLive(bytes))).toMatch(/^format\./)
    }),
  )
})
