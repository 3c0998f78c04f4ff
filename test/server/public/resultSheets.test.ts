import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import supertest from 'supertest'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import type { Check } from '../../../core/verification/report.ts'
import { useDatabase } from '../../support/database.ts'
import { openPublicInstallation, type PublicInstallation } from '../../support/publicInstallation.ts'

let world: PublicInstallation
afterAll(() => world?.close())
const db = useDatabase()
beforeAll(async () => {
  world = await openPublicInstallation(db.url)
})

const otherFile = createHash('sha256').update('a scan').digest('hex')
const checkList = async (rows: object[]) => (await supertest(world.app).post('/api/result-sheets').send({ rows }).expect(200)).body.rows

/** A diploma with a number and a whole birth date, as a list names it and as its QR carries it. */
function applicant() {
  const { sealedBytes, issuerCode, number, claims } = world.diplomas.find(
    each => each.number && each.claims.diploma.birthDate?.length === 10,
  )!
  const { birthDate, holderName } = claims.diploma
  const typed = { agency: issuerCode, soHieu: number!, ngaySinh: birthDate!.split('-').reverse().join('/'), holderName }
  return { typed, credential: encodeBase64url(sealedBytes) }
}

test("somebody else's genuine diploma is no match for the line that it came with", async () => {
  const { typed, credential } = applicant()
  const rows = await checkList([
    { credential, ...typed },
    { credential, ...typed, holderName: 'Người Khác' },
    { credential, ...typed, soHieu: 'KHAC-1', ngaySinh: '01/01/1950' },
    { credential },
  ])
  expect(rows.map((row: { outcome: string }) => row.outcome)).toEqual(['match', 'partial', 'partial', 'match'])
  expect(rows[0].fields).toBeUndefined()
  expect(rows[1].fields).toEqual({ agency: 'match', soHieu: 'match', ngaySinh: 'match', holderName: 'differs' })
  expect(rows[2].fields).toEqual({ agency: 'match', soHieu: 'differs', ngaySinh: 'differs', holderName: 'match' })
})

test('a file that is not the registered one is a copy, whether a code in it or its number leads to the diploma', async () => {
  const { typed, credential } = applicant()
  const rows = await checkList([
    { credential, documentSha256: otherFile, ...typed },
    { documentSha256: otherFile, ...typed },
    { documentSha256: otherFile, ...typed, holderName: 'Người Khác' },
    { documentSha256: otherFile },
  ])
  expect(rows.map((row: { outcome: string }) => row.outcome)).toEqual(['copy', 'copy', 'partial', 'absent'])
})

test('a line too long to be read does not refuse the others', async () => {
  const { typed } = applicant()
  const rows = await checkList([{ ...typed, soHieu: 'X'.repeat(300) }, typed])
  expect(rows.map((row: { outcome: string }) => row.outcome)).toEqual(['unreadable', 'match'])
})

test('a file and a policy given beside typed numbers count', async () => {
  const { holderName: _, ...typed } = applicant().typed
  const ask = async (more: object) =>
    (
      await supertest(world.app)
        .post('/api/verifications')
        .send({ ...typed, ...more })
        .expect(200)
    ).body
  const report = await ask({ documentSha256: otherFile })
  expect(report.verdict).toBe('undetermined')
  expect(report.checks.find((check: Check) => check.name === 'document').code).toBe('document.copy')
  expect(report.lookup.outcome).toBe('copy')
  expect((await ask({ policy: 'strict' })).policy).toBe('strict')
})
