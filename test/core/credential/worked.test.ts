import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { verifySign1 } from '../../../core/cose/sign1.ts'
import { liveFailure, parseLive } from '../../../core/credential/live.ts'
import { parseQrText } from '../../../core/credential/qr.ts'
import { parseSealed } from '../../../core/credential/sealed.ts'
import { fromHex } from '../../../core/encoding/bytes.ts'
import { parseSdJwt } from '../../../core/sd-jwt/parse.ts'
import { verifySdJwt } from '../../../core/sd-jwt/verify.ts'
import { checkCodes } from '../../../core/verification/checkCode.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { sampleCard, sampleDiploma } from '../../support/sampleClaims.ts'
import { workedExamples } from '../../support/workedExamples.ts'

const root = `${import.meta.dirname}/../../..`
const published = JSON.parse(readFileSync(`${root}/test/vectors/worked.json`, 'utf8'))
const page = readFileSync(`${root}/docs/formats.md`, 'utf8')

test('the published examples are what the code writes today: the formats are frozen', async () => {
  expect(JSON.parse(JSON.stringify(await workedExamples()))).toEqual(published)
})

test('docs/formats.md names every code of a check and no other', () => {
  const section = page.slice(page.indexOf('### Codes, in the order'), page.indexOf('## 9.'))
  const named = new Set([...section.matchAll(/`([a-z]+\.[a-z-]+)`/g)].map(([, code]) => code!))
  expect([...named].sort()).toEqual([...checkCodes].sort())
})

test('docs/formats.md prints the published examples, byte for byte', () => {
  const blocks = [...page.matchAll(/```(hex|text) (\S+)\n([^`]*)```/g)]
  for (const [, kind, path, content] of blocks) {
    const value = path!.split('.').reduce((object, name) => object[name], published)
    // Only the JSON of a payload has spaces of its own, and they are where lines do not break.
    const printed = kind === 'hex' ? content!.replace(/;.*$/gm, '').replace(/\s/g, '') : content!.replaceAll('\n', '')
    expect({ path, printed }).toEqual({ path, printed: value })
  }
  expect(blocks.map(([, , path]) => path)).toEqual([
    'agencyKey.jwk.x',
    'agencyKey.jwk.y',
    'agencyKey.thumbprint',
    'card.payload',
    'card.sigStructure',
    'card.sealed',
    'card.ref',
    'diploma.payload',
    'diploma.sealed',
    'card.url',
    'shortUrl',
    'sdJwt.payload',
    'sdJwt.presentation',
    'live.bindingPayload',
    'live.binding',
    'live.message',
    'live.live',
  ])
  for (const [hex, digits] of published.decimal.slice(1)) expect(page).toContain(`| \`${hex}\` | \`${digits}\` |`)
})

test('the published examples verify', async () => {
  const key = published.agencyKey.jwk
  const content = parseQrText(published.card.url)
  if (content.kind !== 'sealed') throw new Error(content.kind)
  const card = parseSealed(content.bytes)
  expect(card.claims).toEqual(sampleCard)
  expect(verifySign1(card, key, nodeCrypto)).toBe(true)
  const diploma = parseSealed(fromHex(published.diploma.sealed))
  expect(diploma.claims).toEqual(sampleDiploma)
  expect(verifySign1(diploma, key, nodeCrypto)).toBe(true)
  const { presentation, aud, nonce, iat } = published.sdJwt
  expect(await verifySdJwt(parseSdJwt(presentation), { key, now: iat, binding: { aud, nonce }, crypto: nodeCrypto })).toMatchObject({
    verified: true,
    holderBound: true,
    claims: { full_name: sampleCard.card.fullName, category: 'CC' },
  })
  const { host, time, live } = published.live
  expect(await liveFailure(parseLive(fromHex(live)), { key, host, now: time + 10, crypto: nodeCrypto })).toBeUndefined()
})
