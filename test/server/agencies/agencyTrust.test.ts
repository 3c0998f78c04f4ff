import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { parseCompactJws } from '../../../core/trust/jws.ts'
import { trustListType } from '../../../core/trust/signTrust.ts'
import { trustSlicePayload } from '../../../core/trust/trustSchema.ts'
import { type AgencyTree, loadAgencyTree } from '../../../server/agencies/agencyTree.ts'
import type { AgencyChangeDeps } from '../../../server/agencies/applyAgencyChanges.ts'
import { isLeftOut } from '../../../server/agencies/isLeftOut.ts'
import { requestAgencyChanges } from '../../../server/agencies/requestAgencyChanges.ts'
import { migrateJobs } from '../../../server/jobs/worker.ts'
import { keyStore } from '../../../server/keys/keyStore.ts'
import {
  createDemonstrationTrust,
  type DemonstrationTrustDeps,
  republishDemonstrationTrust,
} from '../../../server/trust/demonstrationTrust.ts'
import { publishedAgencies } from '../../../server/trust/publishedAgencies.ts'
import { readDocument } from '../../../server/trust/trustTable.ts'
import { adminOf, changeAgencies, profileOf } from '../../support/agencyChanges.ts'
import { useDatabase } from '../../support/database.ts'
import { makeMinistry } from '../../support/ministry.ts'
import { testCipher } from '../../support/testCipher.ts'

const db = useDatabase()
const home = mkdtempSync(join(tmpdir(), 'antin-agencies-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const publicUrl = 'https://the.example'
const code = 'G09.01' as AgencyCode
const day = 86_400
let now = Math.floor(Date.now() / 1000)
let tree: AgencyTree
let changes: AgencyChangeDeps
let trust: DemonstrationTrustDeps

beforeAll(async () => {
  await makeMinistry(db.pool, 1)
  await migrateJobs(db.pool)
  tree = await loadAgencyTree(db.pool)
  changes = { pool: db.pool, cipher: testCipher(), agencies: tree, clock: () => now }
  trust = {
    pool: db.pool,
    store: keyStore({ dir: join(home, 'keys'), passphrase: 'p' }),
    home,
    publicUrl,
    network: () => ({ logs: [], anchors: [], witnesses: [], quorum: 0 }),
    clock: () => now,
    agencies: [],
  }
  await createDemonstrationTrust(trust)
})

const say = (restricted: boolean) => ({
  action: 'change' as const,
  code,
  profile: profileOf('Trường Mẫu', { restricted, coverage: [{ title: 'Chứng chỉ', from: 2010 }] }),
})
/** Of all agencies, those that the pages call published. */
const unpublished = async () => {
  const published = await publishedAgencies(db.pool, publicUrl, tree.all())
  return tree.all().flatMap(agency => (published.has(agency.code) ? [] : agency.code))
}
/** What verifiers read of the agency. */
const served = async () => {
  const { body } = (await readDocument(db.pool, `trust/${code}`))!
  const { agencies } = trustSlicePayload.parse(JSON.parse(Buffer.from(parseCompactJws(body, trustListType).payload).toString('utf8')))
  return agencies.find(agency => agency.code === code)!
}

test('a change reaches verifiers with the next publication, and the page knows whether it has', async () => {
  expect(await unpublished()).toEqual([])
  await changeAgencies(changes, 'G09', say(true))
  expect(await unpublished()).toEqual([code])
  expect(await served()).not.toHaveProperty('coverage')
  now += 60
  await republishDemonstrationTrust(trust)
  await tree.refresh(db.pool)
  expect(await unpublished()).toEqual([])
  expect(await served()).toMatchObject({ name: { vi: 'Trường Mẫu' }, restricted: true, coverage: [{ title: 'Chứng chỉ', from: 2010 }] })
})

test('entries leave a restricted agency out once every verifier’s list says so, and that is final', async () => {
  const servedAt = tree.get(code)!.restrictedServedAt!.getTime() / 1000
  expect(servedAt).toBe(now)
  expect([isLeftOut(tree.get(code), day, servedAt + day - 1), isLeftOut(tree.get(code), day, servedAt + day)]).toEqual([false, true])
  expect([isLeftOut(tree.get('G09'), 0, now), isLeftOut(undefined, 0, now)]).toEqual([false, false])
  // Another publication does not begin the wait anew.
  now += day
  await republishDemonstrationTrust(trust)
  await tree.refresh(db.pool)
  expect(tree.get(code)!.restrictedServedAt!.getTime() / 1000).toBe(servedAt)
  const undo = requestAgencyChanges(changes, { maker: adminOf('G09', 'an'), scope: 'G09' as AgencyCode, changes: [say(false)] })
  await expect(undo).rejects.toMatchObject({ code: 'agency.conflict' })
})
