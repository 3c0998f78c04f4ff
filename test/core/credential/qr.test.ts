import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import qrcode from 'qrcode'
import {
  liveUrl,
  maxSealedQrVersion,
  parseQrText,
  qrSegments,
  requireQrFits,
  sealedQrVersion,
  sealedUrl,
  shortUrl,
} from '../../../core/credential/qr.ts'
import { qrVersion } from '../../../core/credential/qrVersion.ts'
import { parseSealed, seal } from '../../../core/credential/sealed.ts'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { AppError } from '../../../core/errors.ts'
import { testKey } from '../../support/antin-vectors/testKey.ts'
import { milliseconds } from '../../support/milliseconds.ts'
import { sampleCard, sampleDiploma } from '../../support/sampleClaims.ts'
import { thrownCode } from '../../support/thrownCode.ts'

const origin = 'https://the.moha.gov.vn'
const key = await testKey('qr')
const sealed = await seal({ kid: key.kid, claims: sampleCard, sign: key.sign })
const url = sealedUrl(origin, sealed)
const digits = url.slice(url.indexOf('#') + 1)
const token = Uint8Array.from({ length: 16 }, (_, i) => 255 - i)

const drawnVersion = (segments: unknown) =>
  qrcode.create(segments as Parameters<typeof qrcode.create>[0], { errorCorrectionLevel: 'M' }).version

test('formats 1: the reference card stays at version 12 with a prefix of 26 characters, the short QR at 4', () => {
  expect(`${origin}/v#`).toHaveLength(26)
  expect([...sampleCard.card.fullName]).toHaveLength(29)
  expect(sealed.length).toBeLessThanOrEqual(252)
  expect(drawnVersion(qrSegments(url))).toBeLessThanOrEqual(12)
  expect(drawnVersion(qrSegments(shortUrl(origin, token)))).toBeLessThanOrEqual(4)
  expect(sealedQrVersion(origin, sealed.length)).toBe(drawnVersion(qrSegments(url)))
})

test('ISO/IEC 18004: the version computed from lengths is the one that is drawn', () => {
  for (let digitCount = 0; digitCount < 2600; digitCount += 61) {
    for (const byteLength of [0, 26, 61]) {
      if (digitCount + byteLength === 0) continue
      const segments = [
        ...(byteLength === 0 ? [] : [{ mode: 'byte', data: new Uint8Array(byteLength).fill(97) }]),
        ...(digitCount === 0 ? [] : [{ mode: 'numeric', data: '7'.repeat(digitCount) }]),
      ]
      const drawn = drawnVersion(segments)
      expect(qrVersion(byteLength, digitCount)).toBe(drawn > 27 ? undefined : drawn)
    }
  }
})

test('segments join to the link, digits in numeric mode', () => {
  const segments = qrSegments(url)
  expect(segments.map(({ mode }) => mode)).toEqual(['byte', 'numeric'])
  expect(segments.map(({ data }) => (typeof data === 'string' ? data : Buffer.from(data).toString())).join('')).toBe(url)
  expect(qrSegments(shortUrl(origin, token))).toEqual([{ mode: 'byte', data: new Uint8Array(Buffer.from(shortUrl(origin, token))) }])
})

test('past version 15 an issuer is told the field to shorten', () => {
  const refusal = (length: number, claims: Parameters<typeof requireQrFits>[2]) => {
    try {
      requireQrFits(origin, length, claims)
    } catch (error) {
      if (error instanceof AppError) return [error.code, error.detail]
      throw error
    }
    return 'fits'
  }
  let largest = 0
  while ((sealedQrVersion(origin, largest + 1) ?? 99) <= maxSealedQrVersion) largest++
  expect(refusal(largest, sampleCard)).toBe('fits')
  expect(refusal(largest + 1, sampleCard)).toEqual(['qr.too-large', 'fullName'])
  expect(refusal(100_000, sampleDiploma)).toEqual(['qr.too-large', 'institutionThen'])
  const position = 'Phó Trưởng phòng '.repeat(20)
  expect(refusal(largest + 1, { ...sampleCard, card: { ...sampleCard.card, position } })).toEqual(['qr.too-large', 'position'])
})

test('a link is read whatever its host, which is only reported', () => {
  for (const [text, host] of [
    [url, 'the.moha.gov.vn'],
    [`http://localhost:8080/v#${digits}`, 'localhost:8080'],
    [`HTTPS://EVIL.EXAMPLE/v#${digits}`, 'evil.example'],
    [`https://user@evil.example/v?utm=1#${digits}`, 'user@evil.example'],
    [`  ${url}\n`, 'the.moha.gov.vn'],
  ] as const) {
    expect(parseQrText(text)).toEqual({ kind: 'sealed', bytes: sealed, host })
  }
  expect(parseQrText(digits)).toEqual({ kind: 'sealed', bytes: sealed })
  expect(parseQrText(liveUrl(origin, sealed))).toEqual({ kind: 'live', bytes: sealed, host: 'the.moha.gov.vn' })
  expect(parseQrText(shortUrl(origin, token))).toEqual({ kind: 'token', token, host: 'the.moha.gov.vn' })
})

test('bare digits of a live card are known by their first byte', () => {
  const live = new Uint8Array(200).fill(7).fill(0x84, 0, 1)
  expect(parseQrText(liveUrl('', live).slice(3))).toEqual({ kind: 'live', bytes: live })
})

test('anything else is foreign', () => {
  for (const text of [
    '',
    'hello',
    '8934563138164',
    'https://example.org/',
    `https://example.org/w#${digits}`,
    `https://example.org/a/v#${digits}`,
    `https://example.org/v/#${digits}`,
    'https://example.org/v',
    'https://example.org/v#',
    `https://example.org/v#${digits}x`,
    `https://example.org/v#${digits} 1`,
    `ftp://example.org/v#${digits}`,
    `javascript:https://example.org/v#${digits}`,
    `https:///v#${digits}`,
    'https://example.org/t/short',
    `https://example.org/t/${encodeBase64url(token)}A`,
    `https://example.org/t/${'A'.repeat(21)}B`,
  ]) {
    expect(parseQrText(text)).toEqual({ kind: 'foreign', text })
  }
})

test('digits that are no bytes are broken, and a text past 4 KiB is not read', () => {
  expect(thrownCode(() => parseQrText(`${url}1`))).toBe('format.decimal')
  expect(thrownCode(() => parseQrText(`https://h/v#${'9'.repeat(digits.length)}`))).toBe('format.decimal')
  expect(thrownCode(() => parseQrText(url.padEnd(4097, '0')))).toBe('format.cap')
})

test('any text at all: an answer or an AppError, within 50 ms', () => {
  const part = fc.oneof(
    fc.constantFrom('https://', 'http://', 'h', '/', 'v', 'l', 't', '#', '?', digits, '0'),
    fc.string({ unit: 'binary' }),
  )
  const text = fc.oneof(
    fc.array(part, { maxLength: 12 }).map(parts => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 5000, size: 'max' }),
  )
  fc.assert(
    fc.property(text, input => {
      const read = () =>
        thrownCode(() => {
          const content = parseQrText(input)
          if (content.kind === 'sealed') parseSealed(content.bytes)
        })
      expect(read()).toMatch(/^(none|format\..*)$/)
      expect(milliseconds(read, 50)).toBeLessThan(50)
    }),
    { numRuns: 3000 },
  )
})

test('every digit changed to any other: it does not parse, or it is another credential', () => {
  for (let i = 0; i < digits.length; i++) {
    const changed = digits.slice(0, i) + String((Number(digits[i]) + 1 + (i % 9)) % 10) + digits.slice(i + 1)
    try {
      const content = parseQrText(`${origin}/v#${changed}`)
      expect(content.kind === 'sealed' && Buffer.from(content.bytes).equals(sealed)).toBe(changed === digits)
    } catch (error) {
      expect(error).toMatchObject({ code: 'format.decimal' })
    }
  }
})
