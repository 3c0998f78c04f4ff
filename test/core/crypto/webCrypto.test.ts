import { generateKeyPairSync, sign } from 'node:crypto'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { webCrypto } from '../../../core/crypto/webCrypto.ts'
import { fromHex, toHex } from '../../../core/encoding/bytes.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { testKey } from '../../support/antin-vectors/testKey.ts'

const ports = [
  ['WebCrypto', webCrypto],
  ['node:crypto', nodeCrypto],
] as const

test.each(ports)('%s: SHA-256 of "abc" (FIPS 180-4)', async (_, port) => {
  expect(toHex(await port.sha256(Buffer.from('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

test('both hash alike, also as text', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme-ascii', maxLength: 200 }), async text => {
      const digest = await webCrypto.sha256(Buffer.from(text))
      expect(toHex(nodeCrypto.sha256(Buffer.from(text)))).toBe(toHex(digest))
      expect(nodeCrypto.sha256Base64url(text)).toBe(Buffer.from(digest).toString('base64url'))
    }),
  )
})

test.each(ports)('%s: ES256 verifies r‖s and nothing else, and never throws', async (_, port) => {
  const { jwk, sign: signWith } = await testKey('port')
  const other = await testKey('other')
  const message = Buffer.from('message')
  const signature = signWith(message)
  expect(await port.verifyEs256(jwk, message, signature)).toBe(true)
  expect(await port.verifyEs256({ ...jwk }, message, signature)).toBe(true)
  expect(await port.verifyEs256(other.jwk, message, signature)).toBe(false)
  expect(await port.verifyEs256(jwk, Buffer.from('massage'), signature)).toBe(false)
  for (const bad of [signature.subarray(1), new Uint8Array(64), new Uint8Array(64).fill(255), new Uint8Array(0), new Uint8Array(72)]) {
    expect(await port.verifyEs256(jwk, message, bad)).toBe(false)
  }
  for (const key of [
    { ...jwk, x: jwk.y },
    { ...jwk, x: '' },
    { ...jwk, y: '!' },
    { ...jwk, x: 'AA' },
  ]) {
    expect(await port.verifyEs256(key, message, signature)).toBe(false)
    expect(await port.verifyEs256(key, message, signature)).toBe(false)
  }
})

test.each(ports)('%s: Ed25519 (RFC 8032 7.1, test 2)', async (_, port) => {
  const publicKey = fromHex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
  const signature = fromHex(
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  )
  expect(await port.verifyEd25519(publicKey, fromHex('72'), signature)).toBe(true)
  expect(await port.verifyEd25519(publicKey, fromHex('73'), signature)).toBe(false)
  for (const [key, bad] of [
    [publicKey, signature.subarray(1)],
    [publicKey.subarray(1), signature],
    [new Uint8Array(32).fill(255), signature],
  ] as const) {
    expect(await port.verifyEd25519(key, fromHex('72'), bad)).toBe(false)
  }
})

test('both judge alike whatever signature OpenSSL makes', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' }) as Parameters<typeof nodeCrypto.verifyEs256>[0]
  for (let i = 0; i < 100; i++) {
    const message = Buffer.from([i])
    const signature = sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    expect(nodeCrypto.verifyEs256(jwk, message, signature)).toBe(true)
    expect(await webCrypto.verifyEs256(jwk, message, signature)).toBe(true)
    signature[i % 64]! ^= 1
    expect(nodeCrypto.verifyEs256(jwk, message, signature)).toBe(false)
    expect(await webCrypto.verifyEs256(jwk, message, signature)).toBe(false)
  }
})
