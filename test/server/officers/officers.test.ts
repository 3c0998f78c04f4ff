import { beforeAll, expect, test } from '@jest/globals'
import sharp from 'sharp'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { type AgencyTree, loadAgencyTree } from '../../../server/agencies/agencyTree.ts'
import { requestDiplomas } from '../../../server/diplomas/requestDiplomas.ts'
import type { ShownDiploma } from '../../../server/diplomas/shownDiploma.ts'
import { eraseOfficer } from '../../../server/officers/eraseOfficer.ts'
import { exportOfficer } from '../../../server/officers/exportOfficer.ts'
import { readOfficer, viewsOfOfficer } from '../../../server/officers/readOfficer.ts'
import { replacePhoto } from '../../../server/officers/replacePhoto.ts'
import { searchOfficers } from '../../../server/officers/searchOfficers.ts'
import { seedPeople } from '../../../server/officers/seedPeople.ts'
import { syntheticPerson } from '../../../server/officers/syntheticPerson.ts'
import { refuseRequest } from '../../../server/requests/decideRequest.ts'
import type { Actor } from '../../../server/staff/actor.ts'
import { searchName } from '../../../server/tables/searchName.ts'
import { useDatabase } from '../../support/database.ts'
import { testCipher } from '../../support/testCipher.ts'

const db = useDatabase()
const cipher = testCipher()
const root = 'G09' as AgencyCode
const people = 20_500
const names = Array.from({ length: people }, (_, i) => searchName(syntheticPerson(i).fullName))
let agencies: AgencyTree
const deps = () => ({ pool: db.pool, cipher, agencies })
const reader = { sub: 'maker', name: 'Người lập', agency: root as string }

beforeAll(async () => {
  await seedPeople({ pool: db.pool, cipher }, { people, agencies: 120, root })
  agencies = await loadAgencyTree(db.pool)
})

/** All pages of a search. */
async function all(scope: string, query: string, more: { agency?: string; status?: 'none' | 'left' } = {}): Promise<string[]> {
  const found: string[] = []
  let cursor: string | undefined
  for (let page = 0; page < 2000; page++) {
    const answer = await searchOfficers(deps(), scope, { query, cursor, limit: 200, ...more })
    found.push(...answer.officers.map(one => one.id))
    if (answer.next === null) return found
    cursor = answer.next
  }
  throw new Error('a search without end')
}

// G09 has more people than are gone through one by one, G09.01 fewer: both ways must find the same.
test.each(['nguyen thi thao', 'Nguyễn Thị Thảo', 'thi thao', 'THẢO', 'tran van h', 'an', 'khong co ai'])(
  'the large and the small way find everybody whose name has "%s", each once',
  async query => {
    const phrase = searchName(query)
    const expected = names.filter(name => ` ${name}`.includes(` ${phrase}`)).length
    const found = await all('G09', query)
    expect(found).toHaveLength(expected)
    expect(new Set(found).size).toBe(expected)
    const parts = await Promise.all(['G09.01', ...agencies.children('G09').filter(code => code !== 'G09.01')].map(code => all(code, query)))
    const own = await db.pool.query<{ id: string }>(`select id from officers where agency_code = 'G09'`)
    const below = new Set(parts.flat())
    expect(found.filter(id => !below.has(id) && !own.rows.some(row => row.id === id))).toEqual([])
    // A unit where nobody has the words in this order answers with any order.
    if (!phrase.includes(' ')) expect([...below].filter(id => !found.includes(id))).toEqual([])
  },
)

test('words that no name has in this order are found in any order, all but the last of them whole', async () => {
  const whole = names.filter(name => ` ${name} `.includes(' an ') && ` ${name}`.includes(' vu')).length
  expect(whole).toBeGreaterThan(0)
  expect(new Set(await all('G09', 'an vu')).size).toBe(whole)
  const expected = names.filter(name => [' thao', ' nguyen', ' thi'].every(word => ` ${name}`.includes(word))).length
  expect(expected).toBeGreaterThan(0)
  expect(new Set(await all('G09', 'thao nguyen thi')).size).toBe(expected)
  const small = await all('G09.01', 'thao nguyen thi')
  expect(small.length).toBeGreaterThan(0)
  expect(small.length).toBeLessThan(expected)
})

test('an empty query lists all, by name; a scope never shows more than itself', async () => {
  expect(new Set(await all('G09', '')).size).toBe(people)
  const { officers } = await searchOfficers(deps(), 'G09.01', { query: '', limit: 200 })
  expect(officers.every(one => agencies.inSubtree(one.agency, 'G09.01'))).toBe(true)
  const order = officers.map(one => searchName(one.fullName))
  expect(order).toEqual(order.toSorted())
  expect(await all('G09.01', '', { agency: 'G09.02' })).toEqual([])
})

test('a whole personal number finds its person, masked, inside the scope only', async () => {
  const { personalNumber, fullName } = syntheticPerson(4242)
  const { officers } = await searchOfficers(deps(), 'G09', { query: ` ${personalNumber} ` })
  expect(officers).toMatchObject([{ fullName, personalNumber: `${personalNumber.slice(0, 3)}***${personalNumber.slice(6)}` }])
  const elsewhere = agencies.inSubtree(officers[0]!.agency, 'G09.01') ? 'G09.02' : 'G09.01'
  expect((await searchOfficers(deps(), elsewhere, { query: personalNumber })).officers).toEqual([])
})

test.each(['%', '***', '<>'])('a query without letters or digits, %p, is refused', async query => {
  await expect(searchOfficers(deps(), 'G09', { query })).rejects.toMatchObject({ code: 'officer.query' })
})

test.each(['', 'x', Buffer.from('["a","b",0]').toString('base64url')])('a foreign cursor %p is refused', async cursor => {
  await expect(searchOfficers(deps(), 'G09', { query: 'an', cursor })).rejects.toMatchObject({ code: 'officer.query' })
})

test('every look at a person’s page is recorded and can be seen; outside the agencies nobody is found', async () => {
  const [hit] = (await searchOfficers(deps(), 'G09.01', { query: '' })).officers
  const page = await readOfficer(deps(), reader, hit!.id)
  expect(page).toMatchObject({ fullName: hit!.fullName, personalNumber: hit!.personalNumber, cards: [], changes: [] })
  expect(await viewsOfOfficer(db.pool, hit!.id)).toMatchObject([{ actorName: 'Người lập', action: 'officer.viewed' }])
  await expect(readOfficer(deps(), { ...reader, agency: 'G09.02' }, hit!.id)).rejects.toMatchObject({ code: 'officer.not-found' })
  const self = { ...reader, sub: 'self', agency: 'G99', officerId: hit!.id }
  expect(await readOfficer(deps(), self, hit!.id)).toMatchObject({ id: hit!.id })
})

test('a person’s data can be exported whole, and erased once no card is valid; then no search finds them', async () => {
  const { personalNumber, fullName } = syntheticPerson(777)
  const [hit] = (await searchOfficers(deps(), 'G09', { query: personalNumber })).officers
  const picture = await sharp({ create: { width: 300, height: 400, channels: 3, background: '#777' } })
    .png()
    .toBuffer()
  const digest = await replacePhoto(deps(), reader, hit!.id, picture)
  const data = await exportOfficer(deps(), reader, hit!.id)
  expect(data).toMatchObject({ personalNumber, fullName, photoDigest: digest.toString('hex'), email: 'mau777@example.gov.vn' })
  expect(Buffer.from(data.photoJpeg as string, 'base64').subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]))
  await expect(eraseOfficer(deps(), { ...reader, agency: 'G09.01.99' }, hit!.id)).rejects.toMatchObject({ code: 'officer.not-found' })
  // A diploma that waits for approval names the person, who as an officer is in no request.
  const diploma: ShownDiploma = {
    issuer: 'G09',
    number: 'C1',
    holderName: fullName,
    holderNumber: personalNumber,
    title: 'Bằng cử nhân',
    awarded: '2012',
    basis: 0,
  }
  const { requestId } = await requestDiplomas(
    { ...deps(), origin: 'http://localhost:3000' },
    { maker: reader, agency: root, rows: [{ diploma }] },
  )
  await expect(eraseOfficer(deps(), reader, hit!.id)).rejects.toMatchObject({ code: 'officer.conflict' })
  const approver: Actor = { kind: 'person', sub: 'approver', name: 'Duyệt', roles: new Set(['approver']), scopes: new Set(), agency: root }
  await refuseRequest(deps(), { actor: approver, id: requestId!, reason: '' })
  await eraseOfficer(deps(), reader, hit!.id)
  expect((await searchOfficers(deps(), 'G09', { query: personalNumber })).officers).toEqual([])
  expect(await all('G09', fullName)).not.toContain(hit!.id)
  expect((await db.pool.query('select 1 from officer_tails where officer_id = $1', [hit!.id])).rowCount).toBe(0)
  expect((await db.pool.query('select 1 from photos where digest = $1', [digest])).rowCount).toBe(0)
  const { rows } = await db.pool.query(
    'select full_name, position, photo_digest, left_at is not null as left from officers where id = $1',
    [hit!.id],
  )
  expect(rows).toEqual([{ full_name: '', position: '', photo_digest: null, left: true }])
})

test('the tails follow a changed name and a changed agency', async () => {
  const { rows } = await db.pool.query<{ id: string }>(`select id from officers where agency_code = 'G09.03' limit 1`)
  const { id } = rows[0]!
  await db.pool.query(`update officers set full_name = 'Quách Kỳ Lạ', search_name = 'quach ky la', agency_code = 'G09.04' where id = $1`, [
    id,
  ])
  expect(await all('G09', 'ky la')).toEqual([id])
  expect(await all('G09.04', 'quach')).toEqual([id])
  expect(await all('G09.03', 'quach')).toEqual([])
})

test('the same seed gives the same people, another number another person', () => {
  expect(syntheticPerson(5)).toEqual(syntheticPerson(5))
  const numbers = new Set(Array.from({ length: 20_000 }, (_, i) => syntheticPerson(i * 1499).personalNumber))
  expect(numbers.size).toBe(20_000)
})
