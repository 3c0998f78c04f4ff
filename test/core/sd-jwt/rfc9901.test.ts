import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { webCrypto } from '../../../core/crypto/webCrypto.ts'
import { decodeBase64url } from '../../../core/encoding/base64url.ts'
import { fromUtf8, utf8 } from '../../../core/encoding/bytes.ts'
import { disclosedClaims, textDigest } from '../../../core/sd-jwt/disclosedClaims.ts'
import { parseDisclosure } from '../../../core/sd-jwt/disclosure.ts'
import { parseSdJwt } from '../../../core/sd-jwt/parse.ts'
import { verifySdJwt } from '../../../core/sd-jwt/verify.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { thrownCode } from '../../support/thrownCode.ts'

const rfc = JSON.parse(readFileSync(`${import.meta.dirname}/../../vectors/rfc/rfc9901.json`, 'utf8'))
const pid = rfc['A.3']

test('4.2.3: the digest of a disclosure is over its text', async () => {
  for (const [text, digest] of rfc['4.2.3']) {
    expect(textDigest(text, nodeCrypto)).toBe(digest)
    expect(textDigest(text, { sha256: nodeCrypto.sha256 })).toBe(digest)
    expect(await textDigest(text, webCrypto)).toBe(digest)
  }
})

test.each(['A.1', 'A.2'])('appendix %s: the processed payload, with nested disclosures and array elements', async section => {
  const { presentation, processed } = rfc[section]
  const [jwt, ...texts] = presentation.split('~').slice(0, -1)
  const [header, payload, signature] = jwt.split('.')
  expect(nodeCrypto.verifyEs256(rfc['A.5'], utf8(`${header}.${payload}`), decodeBase64url(signature))).toBe(true)
  const disclosures = texts.map((text: string) => parseDisclosure(text, fromUtf8(decodeBase64url(text))))
  const claims = await disclosedClaims(JSON.parse(fromUtf8(decodeBase64url(payload))), disclosures, nodeCrypto)
  expect(claims).toEqual(processed)
  expect(thrownCode(() => parseSdJwt(presentation))).toBe('format.header')
})

test.each([
  ['node:crypto', nodeCrypto],
  ['WebCrypto', webCrypto],
])('appendix A.3: an SD-JWT VC with key binding verifies through %s', async (_, crypto) => {
  const binding = { aud: pid.aud, nonce: pid.nonce }
  const verdict = await verifySdJwt(parseSdJwt(pid.presentation), { key: rfc['A.5'], now: pid.iat + 5, binding, crypto })
  expect(verdict).toEqual({ verified: true, claims: pid.processed, holderBound: true })
})
