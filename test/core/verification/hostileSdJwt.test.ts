import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { gatherSdJwtEvidence } from '../../../core/verification/gatherSdJwtEvidence.ts'
import { checkNames } from '../../../core/verification/report.ts'
import { verifySdJwtVc } from '../../../core/verification/verifySdJwtVc.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { portsOf } from '../../support/antin-vectors/runCase.ts'
import { readVectors } from '../../support/antin-vectors/vectorFile.ts'

const { sdJwt, policy, now, trustRoot, ...world } = readVectors().find(one => one.name === 'sd-jwt-diploma-bound')!
const { text, binding } = sdJwt!
const evidence = await gatherSdJwtEvidence(text, portsOf(world), { trustRoot, policy, now }, nodeCrypto)

test('change any one character of a presentation that is valid: never valid', async () => {
  expect((await verifySdJwtVc({ text, binding }, evidence, policy, now, nodeCrypto)).verdict).toBe('valid')
  for (let at = 0; at < text.length; at++) {
    const changed = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
    if ((await verifySdJwtVc({ text: changed, binding }, evidence, policy, now, nodeCrypto)).verdict === 'valid')
      throw new Error(`at ${at}`)
  }
})

test('any text: a report of nine checks, never an exception, never valid', async () => {
  const cut = fc.nat(text.length - 1).map(length => text.slice(0, length))
  const spliced = fc.tuple(fc.nat(text.length), fc.string({ minLength: 1, maxLength: 9 })).map(([at, more]) => {
    return text.slice(0, at) + more + text.slice(at)
  })
  const signedByNobody = fc.json({ maxDepth: 4 }).map(json => {
    const part = (value: string) => Buffer.from(value).toString('base64url')
    return `${part('{"alg":"ES256","typ":"dc+sd-jwt","kid":"AAAAAAAAAAA"}')}.${part(json)}.${'A'.repeat(86)}~`
  })
  const any = fc.oneof(fc.string({ maxLength: 3000, unit: 'binary' }), cut, spliced, signedByNobody, fc.constant('~'.repeat(16_000)))
  await fc.assert(
    fc.asyncProperty(any, async given => {
      const report = await verifySdJwtVc({ text: given, binding }, evidence, 'strict', now, nodeCrypto)
      expect(report.checks.map(check => check.name)).toEqual([...checkNames])
      expect(report.verdict).not.toBe('valid')
      expect((await gatherSdJwtEvidence(given, portsOf(world), { trustRoot, policy, now }, nodeCrypto)).trust).toBeDefined()
    }),
    { numRuns: 1000 },
  )
})
