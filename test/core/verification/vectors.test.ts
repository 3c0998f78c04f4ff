import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { webCrypto } from '../../../core/crypto/webCrypto.ts'
import { checkCodes } from '../../../core/verification/checkCode.ts'
import { checkNames, type Report, type SdJwtReport } from '../../../core/verification/report.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { makeCases } from '../../support/antin-vectors/cases.ts'
import { runCase } from '../../support/antin-vectors/runCase.ts'
import { fileName, publish, readVectors, vectorFolder } from '../../support/antin-vectors/vectorFile.ts'

const cases = await makeCases()
const vectors = readVectors()

test('the published set is the one that the cases make, byte for byte', async () => {
  const kept = new Set<string>()
  const names: string[] = []
  for (const one of cases) {
    const store = (bytes: Uint8Array) => {
      const name = fileName(bytes)
      if (!kept.has(name)) expect(Buffer.compare(readFileSync(join(vectorFolder, 'files', name)), bytes)).toBe(0)
      kept.add(name)
      return name
    }
    const vector = publish(one, await runCase(one, nodeCrypto), store)
    names.push(`${one.name}.json`)
    expect(JSON.parse(readFileSync(join(vectorFolder, 'cases', `${one.name}.json`), 'utf8'))).toEqual(JSON.parse(JSON.stringify(vector)))
  }
  expect(readdirSync(join(vectorFolder, 'cases')).sort()).toEqual(names.sort())
  expect(readdirSync(join(vectorFolder, 'files')).sort()).toEqual([...kept].sort())
  expect(names.length).toBeGreaterThanOrEqual(60)
})

test.each(cases.map(one => [one.name, one] as const))('%s', async (_, one) => {
  const report = await runCase(one, nodeCrypto)
  const { verdict, ...codes } = one.expect
  expect(report.checks.filter(check => check.name in codes).map(check => [check.name, check.code])).toEqual(
    checkNames.filter(name => name in codes).map(name => [name, codes[name]]),
  )
  expect(report.verdict).toBe(verdict)
  expectWellFormed(report)
})

test('WebCrypto gives the same reports as node:crypto', async () => {
  expect(vectors.length).toBe(cases.length)
  for (const vector of vectors) expect([vector.name, await runCase(vector, webCrypto)]).toEqual([vector.name, vector.report])
})

test('every code that a check can carry is shown by a case', () => {
  const shown = new Set(vectors.flatMap(vector => vector.report.checks.map(check => check.code)))
  expect(checkCodes.filter(code => !shown.has(code)).sort()).toEqual([])
})

/** What holds of every report (formats 8). */
function expectWellFormed(report: Report | SdJwtReport): void {
  expect(report.checks.map(check => check.name)).toEqual([...checkNames])
  for (const { name, code, outcome } of report.checks) {
    expect(code.startsWith(`${name}.`)).toBe(true)
    if (name === 'log' || name === 'anchor') expect(outcome).not.toBe('failed')
  }
  const passed = ['format', 'signature', 'issuer'].every(name =>
    report.checks.some(check => check.name === name && check.outcome === 'passed'),
  )
  expect(report.credential !== null).toBe(passed)
  expect(report.verdict === 'invalid').toBe(report.checks.some(check => check.outcome === 'failed'))
  expect(JSON.parse(JSON.stringify(report))).toEqual(report)
}
