import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { compactVerify, importJWK } from 'jose'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { utf8 } from '../../../core/encoding/bytes.ts'
import { AppError, type ErrorCode } from '../../../core/errors.ts'
import { parseCompactJws, parseGeneralJws, signCompactJws, signGeneralJws } from '../../../core/trust/jws.ts'
import { testKey } from '../../support/antin-vectors/testKey.ts'

const key = await testKey('jws tests')
const typ = 'trust-list+jwt'
const kid = encodeBase64url(key.kid)

function withHeader(header: string): string {
  const input = `${encodeBase64url(utf8(header))}.${encodeBase64url(utf8('{}'))}`
  return `${input}.${encodeBase64url(key.sign(utf8(input)))}`
}

function codeOf(read: () => unknown): ErrorCode | null {
  try {
    read()
    return null
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}

test('RFC 7515: what we sign, another implementation verifies', async () => {
  const jws = await signCompactJws(typ, { b: 1, a: 2 }, key)
  const { payload, protectedHeader } = await compactVerify(jws, await importJWK(key.jwk, 'ES256'))
  expect(new TextDecoder().decode(payload)).toBe('{"a":2,"b":1}')
  expect(protectedHeader).toEqual({ alg: 'ES256', kid, typ })
})

test.each<[string, object, ErrorCode | null]>([
  ['exactly ours', { alg: 'ES256', kid, typ }, null],
  ['alg none', { alg: 'none', kid, typ }, 'jws.malformed'],
  ['no alg', { kid, typ }, 'jws.malformed'],
  ['HS256', { alg: 'HS256', kid, typ }, 'jws.newer'],
  ['ES384', { alg: 'ES384', kid, typ }, 'jws.newer'],
  ['other typ', { alg: 'ES256', kid, typ: 'JWT' }, 'jws.malformed'],
  ['no typ', { alg: 'ES256', kid }, 'jws.malformed'],
  ['typ in other case', { alg: 'ES256', kid, typ: 'TRUST-LIST+JWT' }, 'jws.malformed'],
  ['jwk', { alg: 'ES256', kid, typ, jwk: key.jwk }, 'jws.newer'],
  ['jku', { alg: 'ES256', kid, typ, jku: 'https://evil.example' }, 'jws.newer'],
  ['x5u', { alg: 'ES256', kid, typ, x5u: 'https://evil.example' }, 'jws.newer'],
  ['x5c', { alg: 'ES256', kid, typ, x5c: [] }, 'jws.newer'],
  ['crit', { alg: 'ES256', kid, typ, crit: ['b64'], b64: false }, 'jws.newer'],
  ['zip', { alg: 'ES256', kid, typ, zip: 'DEF' }, 'jws.newer'],
  ['short kid', { alg: 'ES256', kid: encodeBase64url(key.kid.slice(1)), typ }, 'jws.malformed'],
  ['no kid', { alg: 'ES256', typ }, 'jws.malformed'],
])('header: %s', (_, header, code) => {
  expect(codeOf(() => parseCompactJws(withHeader(JSON.stringify(header)), typ))).toBe(code)
})

test('a name that occurs twice, padding, white space and other parts are refused', () => {
  expect(codeOf(() => parseCompactJws(withHeader(`{"alg":"none","alg":"ES256","kid":"${kid}","typ":"${typ}"}`), typ))).toBe('jws.malformed')
  const good = withHeader(JSON.stringify({ alg: 'ES256', kid, typ }))
  for (const bad of [`${good}=`, `${good}.`, `${good}.x`, ` ${good}`, `${good}\n`, good.replace('.', ''), '', '..', 'a.b.c']) {
    expect(codeOf(() => parseCompactJws(bad, typ))).toBe('jws.malformed')
  }
  // 64 bytes end in two bits that must be zero: the other forms of the last letter decode to the same bytes.
  const last = good.at(-1)!
  const others = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].filter(letter => letter !== last)
  const accepted = others.filter(letter => codeOf(() => parseCompactJws(good.slice(0, -1) + letter, typ)) === null)
  expect(accepted.length).toBe(3)
})

test('general form: signatures without unprotected headers, nothing else', async () => {
  const jws = await signGeneralJws({ v: 1 }, [key, key])
  expect(parseGeneralJws(jws).signatures.length).toBe(2)
  const parsed = JSON.parse(jws)
  expect(codeOf(() => parseGeneralJws(JSON.stringify({ ...parsed, header: {} })))).toBe('jws.newer')
  expect(
    codeOf(() => parseGeneralJws(JSON.stringify({ ...parsed, signatures: [{ ...parsed.signatures[0], header: { alg: 'none' } }] }))),
  ).toBe('jws.newer')
  expect(codeOf(() => parseGeneralJws(JSON.stringify({ ...parsed, signatures: Array(33).fill(parsed.signatures[0]) })))).toBe('jws.newer')
  for (const bad of [
    '',
    '[]',
    'null',
    '{"payload":1,"signatures":[]}',
    '{"payload":"","signatures":{}}',
    '{"payload":"","signatures":[null]}',
  ]) {
    expect(codeOf(() => parseGeneralJws(bad))).toBe('jws.malformed')
  }
})

test('any text gives a JWS or an AppError', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), text => void codeOf(() => parseCompactJws(text, typ))))
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), text => void codeOf(() => parseGeneralJws(text))))
})
