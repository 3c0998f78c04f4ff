import { randomBytes } from 'node:crypto'
import { expect, test } from '@jest/globals'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { parseAgencyCode } from '../../../core/identity/agencyCode.ts'
import { issuerUrl, jwtVcIssuerMetadata, typeMetadata, vcKinds, vctOf } from '../../../core/sd-jwt/credentialTypes.ts'
import { issueSdJwt } from '../../../core/sd-jwt/issue.ts'
import { cardVcClaims, diplomaVcClaims } from '../../../core/sd-jwt/vcClaims.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { testKey } from '../../support/antin-vectors/testKey.ts'
import { sampleCard, sampleDiploma } from '../../support/sampleClaims.ts'

const origin = 'https://the.moha.gov.vn'
const input = { origin, iat: sampleCard.iat + 60, jti: 'jti', statusListUri: `${origin}/status-lists/12` }
const card = cardVcClaims(sampleCard, { ...input, birthDate: '1985-03-08', unit: 'Vụ Tổ chức – Biên chế' })
const diploma = diplomaVcClaims(sampleDiploma, input)

test('formats 2: what a card’s SD-JWT VC always shows, and what it shows one by one', () => {
  expect(card).toEqual({
    claims: {
      iss: `${origin}/agencies/G09`,
      vct: `${origin}/vct/civil-servant-card/1`,
      iat: sampleCard.iat + 60,
      exp: sampleCard.exp,
      jti: 'jti',
      agency_code: 'G09',
      status: { status_list: { idx: 100_000, uri: `${origin}/status-lists/12` } },
    },
    selective: {
      serial: 'G09-26-0000123-2',
      full_name: 'Nguyễn Thị Hoàng Phương Khánh',
      birth_date: '1985-03-08',
      position: 'Chuyên viên cao cấp',
      category: 'CC',
      unit: 'Vụ Tổ chức – Biên chế',
      photo: encodeBase64url(sampleCard.card.photo!),
    },
  })
})

test('a diploma that does not expire has no exp, and every field of the sealed form has its claim', () => {
  expect(diploma.claims).not.toHaveProperty('exp')
  expect(Object.keys(diploma.selective)).toHaveLength(Object.keys(sampleDiploma.diploma).length - 1)
  expect(Object.values(diploma.selective)).not.toContain(undefined)
})

test('the cti leaves the credential nowhere', async () => {
  const { sign } = await testKey('vc')
  for (const [sealed, claims] of [
    [sampleCard, card],
    [sampleDiploma, diploma],
  ] as const) {
    const { text, payload } = await issueSdJwt({ header: { kid: 'AAAAAAAAAAA' }, ...claims }, { sign, crypto: nodeCrypto, randomBytes })
    const all = [
      Buffer.from(payload),
      ...text
        .split('~')
        .slice(1)
        .map(disclosure => Buffer.from(disclosure, 'base64url')),
    ].join('\n')
    expect(all).not.toContain(encodeBase64url(sealed.cti))
    expect(all).not.toContain(Buffer.from(sealed.cti).toString('hex'))
  }
})

test('SD-JWT VC 6: the type metadata name exactly the claims there are, in both languages', () => {
  const selective = { 'civil-servant-card': card.selective, diploma: diploma.selective }
  for (const kind of vcKinds) {
    const metadata = typeMetadata(origin, kind) as {
      vct: string
      claims: { path: string[]; sd: string; display: { locale: string; label: string }[] }[]
    }
    expect(metadata.vct).toBe(vctOf(origin, kind))
    const named = metadata.claims.filter(({ sd }) => sd === 'always').map(({ path }) => path.join())
    expect(named.sort()).toEqual(Object.keys(selective[kind]).sort())
    for (const { display } of metadata.claims) {
      expect(display.map(({ locale }) => locale)).toEqual(['vi', 'en'])
      expect(display.every(({ label }) => label.length > 0 && label === label.normalize('NFC'))).toBe(true)
    }
  }
})

test('SD-JWT VC 5: the issuer’s metadata name its keys', async () => {
  const { jwk, kid } = await testKey('vc')
  const issuer = issuerUrl(origin, parseAgencyCode('G09'))
  expect(jwtVcIssuerMetadata(issuer, [{ kid: encodeBase64url(kid), jwk }])).toEqual({
    issuer: 'https://the.moha.gov.vn/agencies/G09',
    jwks: { keys: [{ ...jwk, kid: encodeBase64url(kid), alg: 'ES256', use: 'sig' }] },
  })
})
