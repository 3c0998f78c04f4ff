import { createHash } from 'node:crypto'
import { beforeAll, expect, test } from '@jest/globals'
import express from 'express'
import pino from 'pino'
import sharp from 'sharp'
import request from 'supertest'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { PdfDocument } from '../../core/pdf/pdfDocument.ts'
import { loadAgencyTree } from '../../server/agencies/agencyTree.ts'
import { diplomasByLookup } from '../../server/diplomas/diplomasTable.ts'
import { registerDiplomas } from '../../server/diplomas/registerDiplomas.ts'
import { requestDiplomas } from '../../server/diplomas/requestDiplomas.ts'
import { lookupIndex, type ShownDiploma } from '../../server/diplomas/shownDiploma.ts'
import { problemHandler } from '../../server/http/problem.ts'
import { stampedCopiesRoute } from '../../server/http/routes/stampedCopies.ts'
import { inspectPdf } from '../../server/keys/inspectPdf.ts'
import { approveRequest } from '../../server/requests/decideRequest.ts'
import { pendingDigest } from '../../server/requests/requestsTable.ts'
import type { Actor, Role } from '../../server/staff/actor.ts'
import { ownTemplate } from '../support/cardFixtures.ts'
import { useDatabase } from '../support/database.ts'
import { makeMinistry } from '../support/ministry.ts'
import { testCipher } from '../support/testCipher.ts'

const db = useDatabase()
const cipher = testCipher()
const agency = 'G09' as AgencyCode
const person = (role: Role): Actor => ({ kind: 'person', sub: role, name: role, roles: new Set([role]), scopes: new Set(), agency })
let actor: Actor | null = person('maker')
let scan: Buffer
let withFile: string
let withoutFile: string
const app = express()

beforeAll(async () => {
  scan = await sharp({ create: { width: 600, height: 800, channels: 3, background: '#eee' } })
    .jpeg()
    .toBuffer()
  const signers = await makeMinistry(db.pool)
  const deps = { pool: db.pool, cipher, signers, origin: 'http://localhost', clock: () => 1_790_000_000, isRestricted: () => false }
  const diploma = (number: string, more: Partial<ShownDiploma> = {}): ShownDiploma => ({
    issuer: 'G09.01',
    number,
    holderName: 'Trần Thị Một',
    birthDate: '1966-11-09',
    title: 'Bằng kỹ sư',
    awarded: '1998',
    basis: 0,
    ...more,
  })
  const document = createHash('sha256').update(scan).digest('hex')
  const rows = [{ diploma: diploma('A1', { document }) }, { diploma: diploma('A2') }]
  const asked = await requestDiplomas(deps, { maker: { sub: 'maker', name: 'Người lập' }, agency, rows })
  const id = asked.requestId!
  await approveRequest(deps, { actor: person('approver'), id, claimsDigest: await pendingDigest(db.pool, id), selection: 'all' })
  await registerDiplomas(deps, id)
  const refOf = async (number: string) =>
    (await diplomasByLookup(db.pool, lookupIndex(cipher, 'G09.01', number)))[0]!.ref.toString('base64url')
  ;[withFile, withoutFile] = [await refOf('A1'), await refOf('A2')]

  app.use((req, _res, next) => {
    req.actor = actor
    next()
  })
  const agencies = await loadAgencyTree(db.pool)
  app.use(stampedCopiesRoute({ ...deps, agencies, demonstration: true, template: ownTemplate, proofFor: async () => null }))
  app.use(problemHandler(pino({ level: 'silent' })))
})

const stamp = (ref: string, file: Buffer) =>
  request(app).post(`/api/diplomas/${ref}/stamped-copy`).attach('file', file, 'quet.jpg').buffer(true)

test('the registered file comes back with a page more, the seal inside, and an entry in the audit', async () => {
  const { status, body, headers } = await stamp(withFile, scan)
  expect([status, headers['content-type']]).toEqual([200, 'application/pdf'])
  const pdf = await PdfDocument.open(body)
  const catalog = await pdf.dict(pdf.trailer.get('Root'))
  expect((await pdf.dict(catalog?.get('Pages')))?.get('Count')).toBe(2)
  expect((await inspectPdf(body)).sealed?.[0]).toBe(0xd2)
  const { rows } = await db.pool.query("select actor, agency_code, subject from audit where action = 'diploma.stamped'")
  expect(rows).toEqual([{ actor: 'maker', agency_code: 'G09.01', subject: `diploma:${withFile}` }])
})

test('any other file is refused by name, and so is a diploma without a file', async () => {
  const other = Buffer.concat([scan, Buffer.from('x')])
  for (const [ref, file] of [
    [withFile, other],
    [withoutFile, scan],
  ] as const) {
    const { status, body } = await stamp(ref, file)
    expect([status, body.code]).toEqual([422, 'diploma.other-file'])
  }
  const { status, body } = await request(app).post(`/api/diplomas/${withFile}/stamped-copy`).field('note', 'x')
  expect([status, body.code]).toEqual([400, 'http.invalid'])
  expect((await request(app).post(`/api/diplomas/${withFile}/stamped-copy`).send({})).status).toBe(415)
  expect((await stamp('A'.repeat(22), scan)).status).toBe(404)
})

test('only those who may read the diploma', async () => {
  for (const [who, status] of [
    [null, 401],
    [person('printer'), 403],
    [{ ...person('maker'), agency: 'G12' as AgencyCode }, 403],
  ] as const) {
    actor = who
    expect((await stamp(withFile, scan)).status).toBe(status)
  }
  actor = person('maker')
})

test('an ended diploma gets no copy', async () => {
  await db.pool.query("update diplomas set ended_as = 'error', ended_at = now(), decision = 'QĐ 1' where ref = $1", [
    Buffer.from(withFile, 'base64url'),
  ])
  expect((await stamp(withFile, scan)).body.code).toBe('diploma.ended.conflict')
})
