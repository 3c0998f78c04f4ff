import { randomBytes } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { webCrypto } from '../../../core/crypto/webCrypto.ts'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { utf8 } from '../../../core/encoding/bytes.ts'
import { textDigest } from '../../../core/sd-jwt/disclosedClaims.ts'
import { encodeDisclosure } from '../../../core/sd-jwt/disclosure.ts'
import { issueSdJwt, type SdJwtToIssue, signJwt } from '../../../core/sd-jwt/issue.ts'
import { parseSdJwt } from '../../../core/sd-jwt/parse.ts'
import { presentSdJwt } from '../../../core/sd-jwt/present.ts'
import { type ExpectedBinding, verifySdJwt } from '../../../core/sd-jwt/verify.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { testKey } from '../../support/antin-vectors/testKey.ts'
import { milliseconds } from '../../support/milliseconds.ts'
import { rejectedCode, thrownCode } from '../../support/thrownCode.ts'

const issuer = await testKey('sd-jwt-issuer')
const holder = await testKey('sd-jwt-holder')
const stranger = await testKey('stranger')
const now = 1_767_300_000
const port = { sign: issuer.sign, crypto: nodeCrypto, randomBytes }
const asked: ExpectedBinding = { aud: 'https://bank.example', nonce: 'n-0S6_WzA2Mj' }
const toIssue: SdJwtToIssue = {
  header: { kid: encodeBase64url(issuer.kid), x5c: ['MIIB', 'MIIC'] },
  claims: { iss: 'https://h/agencies/G09', vct: 'https://h/vct/civil-servant-card/1', iat: now - 60, exp: now + 3600 },
  selective: {
    serial: 'G09-26-0000123-2',
    full_name: 'Nguyễn Thị "Hoàng"\n',
    birth_date: undefined,
    category: 'CC',
    nested: { a: [1, 'x'] },
  },
  holderKey: holder.jwk,
}
const { text: issued, payload: issuedPayload } = await issueSdJwt(toIssue, port)

const present = (names: string[], change: object = {}, from = issued) =>
  presentSdJwt(from, names, { ...asked, iat: now, sign: holder.sign, crypto: nodeCrypto, ...change })
const judge = (text: string, change: object = {}) => verifySdJwt(parseSdJwt(text), { key: issuer.jwk, now, crypto: nodeCrypto, ...change })
const failure = async (text: string, change: object = {}) => {
  const verdict = await judge(text, change)
  return verdict.verified ? 'none' : verdict.failure
}

/** An SD-JWT over any header and payload, rightly signed. */
async function forge(header: object, payload: unknown, disclosures: string[] = []): Promise<string> {
  return `${[await signJwt(header, utf8(typeof payload === 'string' ? payload : JSON.stringify(payload)), issuer.sign), ...disclosures].join('~')}~`
}
const header = { alg: 'ES256', typ: 'dc+sd-jwt' }
const digestOf = (disclosure: string) => textDigest(disclosure, nodeCrypto) as string
const disclosureOf = (...parts: unknown[]) => encodeBase64url(utf8(JSON.stringify(parts)))

describe('issue and present', () => {
  test('RFC 9901 5: digests are sorted, one salt of 128 bits a claim, undefined claims are left out', () => {
    const { jwt, disclosures, keyBinding } = parseSdJwt(issued)
    expect(jwt.header).toEqual(toIssue.header)
    expect(keyBinding).toBeNull()
    expect(disclosures.map(({ name }) => name)).toEqual(['serial', 'full_name', 'category', 'nested'])
    const salts = disclosures.map(({ text }) => JSON.parse(Buffer.from(text, 'base64url').toString())[0])
    expect(salts.every(salt => Buffer.from(salt, 'base64url').length === 16)).toBe(true)
    expect(new Set(salts).size).toBe(4)
    const payload = JSON.parse(Buffer.from(issuedPayload).toString())
    expect(payload).toMatchObject({ ...toIssue.claims, _sd_alg: 'sha-256', cnf: { jwk: holder.jwk } })
    expect(payload._sd).toEqual(disclosures.map(({ text }) => digestOf(text)).sort())
    expect(JSON.stringify(payload)).not.toContain('Nguyễn')
  })

  test('what the holder names is disclosed, and nothing else', async () => {
    const text = await presentSdJwt(issued, ['full_name', 'category', 'unknown'])
    expect(await judge(text)).toEqual({
      verified: true,
      holderBound: false,
      claims: { ...toIssue.claims, cnf: { jwk: holder.jwk }, full_name: 'Nguyễn Thị "Hoàng"\n', category: 'CC' },
    })
    expect(await judge(issued)).toMatchObject({ verified: true, claims: { nested: { a: [1, 'x'] } } })
    expect(await judge(await presentSdJwt(issued, []))).toMatchObject({ verified: true })
  })

  test('holder binding passes where it is asked for, through both ports', async () => {
    const text = await present(['serial'])
    expect(await judge(text, { binding: asked })).toMatchObject({ verified: true, holderBound: true })
    expect(await judge(text, { binding: asked, crypto: webCrypto })).toMatchObject({ verified: true, holderBound: true })
    expect(await judge(text)).toMatchObject({ verified: true, holderBound: false })
  })

  test('any claims come back as they went in', async () => {
    const names = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      .filter(name => !['_sd', '...', '_sd_alg', '__proto__'].includes(name) && !(name in toIssue.claims))
    await fc.assert(
      fc.asyncProperty(fc.dictionary(names, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 8 }), async selective => {
        const wanted = JSON.parse(JSON.stringify(selective))
        if (/"(\.\.\.|_sd|__proto__)":/.test(JSON.stringify(wanted))) return
        const { text } = await issueSdJwt({ ...toIssue, selective: wanted }, port)
        expect(await judge(text)).toEqual({
          verified: true,
          holderBound: false,
          claims: { ...toIssue.claims, cnf: { jwk: holder.jwk }, ...wanted },
        })
      }),
      { numRuns: 200 },
    )
  })

  test('an issuer gives no claim twice, no reserved name, nothing past 16 KiB', async () => {
    expect(await rejectedCode(issueSdJwt({ ...toIssue, selective: { iss: 'x' } }, port))).toBe('format.disclosure')
    for (const name of ['_sd', '...', '__proto__']) {
      expect(await rejectedCode(issueSdJwt({ ...toIssue, selective: { [name]: 1 } }, port))).toBe('format.disclosure')
    }
    expect(thrownCode(() => encodeDisclosure(new Uint8Array(16), '__proto__', 1))).toBe('format.disclosure')
    expect(thrownCode(() => encodeDisclosure(new Uint8Array(15), 'a', 1))).toBe('format.disclosure')
    expect(await rejectedCode(issueSdJwt({ ...toIssue, selective: { photo: 'x'.repeat(13_000) } }, port))).toBe('format.cap')
  })
})

describe('verdicts', () => {
  test('signature, time and their 120 s of skew', async () => {
    expect(await failure(issued, { key: stranger.jwk })).toBe('signature')
    expect(await failure(issued, { key: { ...issuer.jwk, y: issuer.jwk.x } })).toBe('signature')
    expect(await failure(issued, { now: now - 60 - 120 })).toBe('none')
    expect(await failure(issued, { now: now - 60 - 121 })).toBe('not-yet-valid')
    expect(await failure(issued, { now: now + 3600 + 120 })).toBe('none')
    expect(await failure(issued, { now: now + 3600 + 121 })).toBe('expired')
    expect(await failure(await forge(header, { nbf: now + 121 }))).toBe('not-yet-valid')
    for (const odd of ['x', null, {}, true]) {
      expect(await failure(await forge(header, { exp: odd }))).toBe('expired')
      expect(await failure(await forge(header, { iat: odd }))).toBe('not-yet-valid')
    }
  })

  test('RFC 9901 7.3: each part of the holder binding', async () => {
    const binding = asked
    expect(await failure(issued, { binding })).toBe('binding.missing')
    expect(await failure(await present([], { sign: stranger.sign }), { binding })).toBe('binding.signature')
    expect(await failure(await present([], { aud: 'https://other.example' }), { binding })).toBe('binding.aud')
    expect(await failure(await present([], { nonce: 'other' }), { binding })).toBe('binding.nonce')
    expect(await failure(await present([], { iat: now + 120 }), { binding })).toBe('none')
    expect(await failure(await present([], { iat: now + 121 }), { binding })).toBe('binding.iat')
    expect(await failure(await present([], { iat: now - 420 }), { binding })).toBe('none')
    expect(await failure(await present([], { iat: now - 421 }), { binding })).toBe('binding.iat')
    expect(await failure(await present([], { iat: now - 150 }), { binding: { ...binding, maxAge: 10 } })).toBe('binding.iat')
    const bound = await present(['serial'])
    const unbound = await presentSdJwt(issued, ['serial', 'full_name'])
    expect(await failure(unbound + bound.slice(bound.lastIndexOf('~') + 1), { binding })).toBe('binding.sd-hash')
  })

  test('a binding to no key, to a broken key or to one with its private part is none', async () => {
    const kb = (jwt: string) =>
      signJwt({ alg: 'ES256', typ: 'kb+jwt' }, utf8(JSON.stringify({ ...asked, iat: now, sd_hash: digestOf(jwt) })), holder.sign)
    for (const cnf of [
      undefined,
      null,
      'x',
      {},
      { jwk: null },
      { jwk: { ...holder.jwk, d: 'AA' } },
      { jwk: { ...holder.jwk, crv: 'P-384' } },
      { jwk: { ...holder.jwk, x: `${holder.jwk.x}=` } },
      { kid: 'x' },
    ]) {
      const jwt = await forge(header, { cnf })
      expect(await failure(jwt + (await kb(jwt)), { binding: asked })).toBe('binding.no-key')
    }
  })
})

describe('attacks', () => {
  test.each<[string, object, string]>([
    ['alg none', { alg: 'none', typ: 'dc+sd-jwt' }, 'format.header'],
    ['alg None', { alg: 'None', typ: 'dc+sd-jwt' }, 'format.header'],
    ['alg HS256', { alg: 'HS256', typ: 'dc+sd-jwt' }, 'format.header'],
    ['no alg', { typ: 'dc+sd-jwt' }, 'format.header'],
    ['alg as list', { alg: ['ES256'], typ: 'dc+sd-jwt' }, 'format.header'],
    ['no typ', { alg: 'ES256' }, 'format.header'],
    ['typ JWT', { alg: 'ES256', typ: 'JWT' }, 'format.header'],
    ['typ vc+sd-jwt', { alg: 'ES256', typ: 'vc+sd-jwt' }, 'format.header'],
    ['typ DC+SD-JWT', { alg: 'ES256', typ: 'DC+SD-JWT' }, 'format.header'],
    ['typ kb+jwt', { alg: 'ES256', typ: 'kb+jwt' }, 'format.header'],
    ['typ statuslist+jwt', { alg: 'ES256', typ: 'statuslist+jwt' }, 'format.header'],
    ['jwk', { ...header, jwk: stranger.jwk }, 'format.header'],
    ['jku', { ...header, jku: 'https://evil.example/jwks' }, 'format.header'],
    ['x5u', { ...header, x5u: 'https://evil.example/x5c' }, 'format.header'],
    ['crit', { ...header, crit: ['exp'] }, 'format.header'],
    ['b64', { ...header, b64: true }, 'format.header'],
    ['b64 and crit', { ...header, b64: false, crit: ['b64'] }, 'format.header'],
    ['zip', { ...header, zip: 'DEF' }, 'format.header'],
    ['kid as number', { ...header, kid: 7 }, 'format.header'],
    ['x5c empty', { ...header, x5c: [] }, 'format.header'],
    ['x5c as text', { ...header, x5c: 'MIIB' }, 'format.header'],
    ['x5c of 11', { ...header, x5c: new Array(11).fill('MIIB') }, 'format.header'],
    ['x5c in base64url', { ...header, x5c: ['MI-B'] }, 'format.header'],
    ['ES384', { alg: 'ES384', typ: 'dc+sd-jwt' }, 'format.newer'],
    ['EdDSA', { alg: 'EdDSA', typ: 'dc+sd-jwt' }, 'format.newer'],
    ['ML-DSA-44', { alg: 'ML-DSA-44', typ: 'dc+sd-jwt' }, 'format.newer'],
    ['an unknown name', { ...header, trust_chain: [] }, 'format.newer'],
    ['an unknown alg and jwk', { alg: 'ES384', typ: 'dc+sd-jwt', jwk: stranger.jwk }, 'format.header'],
  ])('header: %s', async (_, forged, code) => {
    expect(thrownCode(() => parseSdJwt('x'))).toBe('format.jwt')
    const text = await forge(forged, {})
    expect(thrownCode(() => parseSdJwt(text))).toBe(code)
    expect(thrownCode(() => parseSdJwt(text))).toBe(code)
  })

  test('the same for a KB-JWT, which has no x5c', async () => {
    for (const [forged, code] of [
      [{ alg: 'none', typ: 'kb+jwt' }, 'format.header'],
      [{ alg: 'ES256', typ: 'dc+sd-jwt' }, 'format.header'],
      [{ alg: 'ES256', typ: 'kb+jwt', jwk: holder.jwk }, 'format.header'],
      [{ alg: 'ES256', typ: 'kb+jwt', x5c: ['MIIB'] }, 'format.newer'],
    ] as const) {
      const jwt = await signJwt(forged, utf8('{}'), holder.sign)
      expect(thrownCode(() => parseSdJwt(issued + jwt))).toBe(code)
    }
  })

  test('an accepted header is remembered for its own typ alone', async () => {
    const jwt = issued.slice(0, issued.indexOf('~'))
    expect(thrownCode(() => parseSdJwt(`${jwt}~${jwt}`))).toBe('format.header')
  })

  test.each<[string, unknown, string[], string]>([
    ['a disclosure that nothing refers to', { _sd: [] }, [disclosureOf('s', 'a', 1)], 'format.disclosure'],
    [
      'a disclosure given twice',
      { _sd: [digestOf(disclosureOf('s', 'a', 1))] },
      [disclosureOf('s', 'a', 1), disclosureOf('s', 'a', 1)],
      'format.disclosure',
    ],
    ['a digest twice', { _sd: ['x', 'x'] }, [], 'format.disclosure'],
    ['a digest twice at different depths', { _sd: ['x'], a: { _sd: ['x'] } }, [], 'format.disclosure'],
    ['a digest that is a number', { _sd: [1] }, [], 'format.disclosure'],
    ['_sd that is no list', { _sd: 'x' }, [], 'format.disclosure'],
    [
      'a claim that is there already',
      { a: 0, _sd: [digestOf(disclosureOf('s', 'a', 1))] },
      [disclosureOf('s', 'a', 1)],
      'format.disclosure',
    ],
    [
      'two disclosures of one claim',
      { _sd: [digestOf(disclosureOf('s', 'a', 1)), digestOf(disclosureOf('t', 'a', 2))] },
      [disclosureOf('s', 'a', 1), disclosureOf('t', 'a', 2)],
      'format.disclosure',
    ],
    ['an array element as a claim', { _sd: [digestOf(disclosureOf('s', 1))] }, [disclosureOf('s', 1)], 'format.disclosure'],
    [
      'a claim as an array element',
      { a: [{ '...': digestOf(disclosureOf('s', 'a', 1)) }] },
      [disclosureOf('s', 'a', 1)],
      'format.disclosure',
    ],
    ['a digest in an array with other names', { a: [{ '...': 'x', b: 1 }] }, [], 'format.disclosure'],
    ['a claim named ...', { '...': 1 }, [], 'format.disclosure'],
    ['a claim named ... inside', { a: { '...': 1 } }, [], 'format.disclosure'],
    ['exp in a disclosure', { _sd: [digestOf(disclosureOf('s', 'exp', 9e12))] }, [disclosureOf('s', 'exp', 9e12)], 'format.disclosure'],
    [
      'cnf in a disclosure',
      { _sd: [digestOf(disclosureOf('s', 'cnf', { jwk: stranger.jwk }))] },
      [disclosureOf('s', 'cnf', { jwk: stranger.jwk })],
      'format.disclosure',
    ],
    [
      'status in a disclosure',
      { _sd: [digestOf(disclosureOf('s', 'status', {}))] },
      [disclosureOf('s', 'status', {})],
      'format.disclosure',
    ],
  ])('disclosures: %s', async (_, payload, disclosures, code) => {
    expect(await rejectedCode(judge(await forge(header, payload, disclosures)))).toBe(code)
  })

  test.each<[string, string]>([
    ['named _sd', disclosureOf('s', '_sd', [])],
    ['named ...', disclosureOf('s', '...', 'x')],
    ['named __proto__', disclosureOf('s', '__proto__', { admin: true })],
    ['without a salt', disclosureOf(1, 'a', 1)],
    ['of one part', disclosureOf('s')],
    ['of four parts', disclosureOf('s', 'a', 1, 2)],
    ['with a name that is no text', disclosureOf('s', 1, 1)],
    ['that is an object', encodeBase64url(utf8('{"a":1}'))],
    ['that is no JSON', encodeBase64url(utf8('["s","a",1'))],
    ['with a name twice inside', encodeBase64url(utf8('["s","a",{"b":1,"b":2}]'))],
    ['with NUL', encodeBase64url(utf8('["s","a","x\0y"]'))],
    ['with a line break inside a text', encodeBase64url(utf8('["s","a","x\ny"]'))],
    ['that is not UTF-8', encodeBase64url(Uint8Array.of(0x5b, 0xff, 0x5d))],
    ['in padded base64', `${disclosureOf('s', 'ab', 1)}=`],
    ['in base64 with trailing bits', `${disclosureOf('s', 'a', 1).slice(0, -1)}R`],
    ['with a letter beyond ASCII', 'é'],
    ['that is empty', ''],
  ])('a disclosure %s', async (_, disclosure) => {
    const text = await forge(header, { _sd: [digestOf(disclosure)] }, [disclosure])
    expect(thrownCode(() => parseSdJwt(text))).toMatch(/^format\.(disclosure|jwt)$/)
  })

  test.each<[string, unknown, string]>([
    ['a name twice', '{"exp":1,"exp":9999999999}', 'format.jwt'],
    ['a list', [], 'format.jwt'],
    ['null', null, 'format.jwt'],
    ['deep nesting', `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`, 'format.jwt'],
    ['__proto__', '{"__proto__":{"admin":true}}', 'format.jwt'],
    ['another _sd_alg', { _sd_alg: 'sha-512' }, 'format.newer'],
    ['_sd_alg null', { _sd_alg: 7 }, 'format.newer'],
  ])('payload: %s', async (_, payload, code) => {
    const text = await forge(header, payload)
    expect(thrownCode(() => parseSdJwt(text))).toBe(code)
  })

  test('structure', () => {
    const [jwt] = issued.split('~') as [string]
    for (const text of [
      '',
      '~',
      'a.b.c',
      'a.b~',
      'a.b.c.d~',
      '..~',
      jwt,
      `~${jwt}`,
      `.${jwt}~`,
      `${jwt}.~`,
      `${jwt}~x`,
      `${jwt}~~`,
      ` ${issued}`,
      `${issued}\n`,
      issued.replace('.', '..'),
    ]) {
      expect(thrownCode(() => parseSdJwt(text))).toMatch(/^format\./)
    }
    expect(thrownCode(() => parseSdJwt(issued + 'x'.repeat(16 * 1024)))).toBe('format.cap')
    const [first, second] = jwt.split('.') as [string, string]
    expect(thrownCode(() => parseSdJwt(`${first}.${second}.${'A'.repeat(84)}~`))).toBe('format.signature-length')
  })

  test('any one bit flipped (every third): it does not parse, or does not verify', async () => {
    const bound = await present(['full_name', 'category'])
    const right = await judge(bound, { binding: asked })
    const bytes = utf8(bound)
    for (let bit = 0; bit < 8 * bytes.length; bit += 3) {
      const flipped = bytes.slice()
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      try {
        expect(await judge(Buffer.from(flipped).toString('latin1'), { binding: asked })).toMatchObject({ verified: false })
      } catch (error) {
        expect(error).toMatchObject({ name: 'AppError', code: expect.stringMatching(/^format\./) })
      }
    }
    expect(right.verified).toBe(true)
  })

  test('any text at all: an answer or an AppError format.*, within 50 ms', async () => {
    const bound = await present(['full_name'])
    const piece = fc.oneof(
      fc.constantFrom(...bound.split(/(?<=[.~])/), '~', '.', 'e30', '~~'),
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.base64String({ maxLength: 40 }),
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 10 }).map(pieces => pieces.join('')),
          fc.string({ maxLength: 20_000, size: 'max' }),
        ),
        text => {
          const read = () => thrownCode(() => parseSdJwt(text))
          expect(read()).toMatch(/^(none|format\..*)$/)
          expect(milliseconds(read, 50)).toBeLessThan(50)
        },
      ),
      { numRuns: 1500 },
    )
    const many = `${issued.slice(0, issued.indexOf('~'))}~${'WyIiLCIiLDFd~'.repeat(1200)}`
    expect(milliseconds(() => thrownCode(() => parseSdJwt(many)), 50)).toBeLessThan(50)
  })
})
