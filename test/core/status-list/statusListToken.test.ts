import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { zlibSync } from 'fflate'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { concatBytes } from '../../../core/encoding/bytes.ts'
import { AppError } from '../../../core/errors.ts'
import { newStatusBits, setStatus } from '../../../core/status-list/statusList.ts'
import { parseStatusListToken, signStatusListToken, statusListType } from '../../../core/status-list/statusListToken.ts'
import { signCompactJws } from '../../../core/trust/jws.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { testKey } from '../../support/antin-vectors/testKey.ts'

const key = await testKey('status list tests')
const input = {
  sub: 'https://antin.example/agencies/G09/status-lists/3',
  iat: 1_782_871_200,
  bits: 2,
  statuses: newStatusBits(64),
} as const
const signed = (list: object, more: object = {}) =>
  signCompactJws(statusListType, { sub: input.sub, iat: input.iat, exp: input.iat + 86_400, ttl: 300, status_list: list, ...more }, key)
const lst = (bytes: Uint8Array) => encodeBase64url(zlibSync(bytes))

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof AppError)) throw new Error(`no AppError: ${error}`)
  return error.code
}

test('what is signed is what is read, by CompressionStream and by a given zlib', async () => {
  for (const deflate of [undefined, (bytes: Uint8Array) => zlibSync(bytes)]) {
    const token = await parseStatusListToken(await signStatusListToken(input, key, deflate))
    expect(token).toMatchObject({ sub: input.sub, iat: input.iat, exp: input.iat + 86_400, ttl: 300 })
    expect([...token.bits]).toEqual([...input.statuses])
    expect(nodeCrypto.verifyEs256(key.jwk, token.jws.signingInput, token.jws.signature)).toBe(true)
  }
})

test('a list of 131,072 random statuses is signed in under 100 ms and fits the cap', async () => {
  const statuses = newStatusBits()
  for (let i = 0; i < 131_072; i++) setStatus(statuses, i, (i * 2_654_435_761) >>> 30)
  const started = performance.now()
  const token = await signStatusListToken({ ...input, statuses }, { ...key, sign: () => new Uint8Array(64) })
  expect(performance.now() - started).toBeLessThan(100)
  expect(token.length).toBeLessThan(256 * 1024)
  expect((await parseStatusListToken(token)).bits).toEqual(statuses)
})

test('refused: other bits, no list, a broken stream, bytes behind the stream, a bomb', async () => {
  const bytes = zlibSync(input.statuses)
  expect(await codeOf(parseStatusListToken(await signed({ bits: 1, lst: lst(input.statuses) })))).toBe('status-list.bits')
  expect(await codeOf(parseStatusListToken(await signed({ bits: 2 })))).toBe('status-list.malformed')
  expect(await codeOf(parseStatusListToken(await signed({ bits: 2, lst: encodeBase64url(bytes.slice(0, 8)) })))).toBe(
    'status-list.malformed',
  )
  expect(await codeOf(parseStatusListToken(await signed({ bits: 2, lst: encodeBase64url(concatBytes(bytes, Uint8Array.of(1))) })))).toBe(
    'status-list.malformed',
  )
  expect(await codeOf(parseStatusListToken(await signed({ bits: 2, lst: lst(new Uint8Array(9 * 2 ** 20)) })))).toBe('status-list.malformed')
  expect((await parseStatusListToken(await signed({ bits: 2, lst: lst(new Uint8Array(8 * 2 ** 20)) }))).bits.length).toBe(8 * 2 ** 20)
  expect(await codeOf(parseStatusListToken('a'.repeat(256 * 1024 + 1)))).toBe('status-list.malformed')
})

test('refused: times that are none', async () => {
  for (const more of [{ iat: '1' }, { exp: undefined }, { exp: -1 }, { iat: 1.5 }, { ttl: 'x' }, { sub: 3 }]) {
    expect(await codeOf(parseStatusListToken(await signed({ bits: 2, lst: lst(input.statuses) }, more)))).toBe('status-list.malformed')
  }
})

test('any text gives a token or an AppError', async () => {
  const token = await signStatusListToken(input, key)
  const mutated = fc
    .tuple(fc.nat(token.length - 1), fc.string({ maxLength: 3 }))
    .map(([at, text]) => token.slice(0, at) + text + token.slice(at + text.length))
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), mutated), async text => {
      await parseStatusListToken(text).catch(error => {
        if (!(error instanceof AppError)) throw error
      })
    }),
  )
})
