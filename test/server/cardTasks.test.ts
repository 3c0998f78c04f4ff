import { beforeAll, expect, test } from '@jest/globals'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { cardsOfOfficer } from '../../server/cards/cardsTable.ts'
import { cardTasks } from '../../server/cards/cardTasks.ts'
import { expiryDay, retirementDay } from '../../server/cards/expiryDay.ts'
import { issueCards } from '../../server/cards/issueCards.ts'
import type { IssueDeps } from '../../server/cards/prepareCards.ts'
import { requestCards } from '../../server/cards/requestCards.ts'
import type { Task } from '../../server/jobs/worker.ts'
import { approveRequest } from '../../server/requests/decideRequest.ts'
import { listRequests, pendingDigest } from '../../server/requests/requestsTable.ts'
import { useDatabase } from '../support/database.ts'
import { makeMinistry, makeOfficers } from '../support/ministry.ts'
import { testCipher } from '../support/testCipher.ts'

const db = useDatabase()
const cipher = testCipher()
const agency = 'G09' as AgencyCode
let tasks: Record<string, Task>
let officers: string[]

beforeAll(async () => {
  const clock = () => Math.floor(Date.now() / 1000)
  const deps: IssueDeps = {
    pool: db.pool,
    cipher,
    signers: await makeMinistry(db.pool),
    origin: 'http://localhost',
    clock,
    termYears: 5,
    isRestricted: () => false,
  }
  tasks = cardTasks({ ...deps, levelOneOf: () => agency })
  officers = await makeOfficers(db.pool, cipher, 4)
  const { requestId } = await requestCards(deps, { maker: { sub: 'maker', name: 'A' }, agency, officerIds: officers })
  const actor = { kind: 'person', sub: 'approver', name: 'B', roles: new Set(), scopes: new Set(), agency } as never
  await approveRequest(deps, { actor, id: requestId!, claimsDigest: await pendingDigest(db.pool, requestId!), selection: 'all' })
  await issueCards(deps, requestId!)
})

test('a card whose last day is over ends as expired, and one about to end is reminded of once', async () => {
  await db.pool.query("update cards set expires_at = now() - interval '1 day' where officer_id = $1", [officers[0]])
  await db.pool.query("update cards set expires_at = now() + interval '30 days' where officer_id = $1", [officers[1]])
  await tasks.expireCards!({})
  await tasks.remindExpiring!({})
  await tasks.remindExpiring!({})
  expect((await cardsOfOfficer(db.pool, officers[0]!))[0]).toMatchObject({ endedAs: 'expired', status: 0 })
  expect((await cardsOfOfficer(db.pool, officers[1]!))[0]).toMatchObject({ endedAs: null })
  const { rows } = await db.pool.query(
    "select action, count(*)::int as n from audit where action in ('card.expired', 'card.expiring') group by action order by action",
  )
  expect(rows).toEqual([
    { action: 'card.expired', n: 1 },
    { action: 'card.expiring', n: 1 },
  ])
})

test('a change of post proposes a new card once, for a second person to approve', async () => {
  await db.pool.query("update officers set position = 'Phó Vụ trưởng', version = version + 1 where id = $1", [officers[2]])
  await tasks.proposeReplacements!({})
  await tasks.proposeReplacements!({})
  const pending = await listRequests(db.pool, { agencyIn: null, status: 'pending', limit: 10 })
  expect(pending).toMatchObject([{ kind: 'card.replace', maker: 'system', total: 1 }])
})

test('a card ends with the term, retirement or the contract, whichever comes first', () => {
  const made = { madeOn: '2026-11-21', termYears: 5 }
  expect(expiryDay(made)).toBe('2031-11-21')
  expect(expiryDay({ ...made, contractEnd: '2027-12-31' })).toBe('2027-12-31')
  expect(expiryDay({ ...made, contractEnd: '2026-01-01' })).toBeNull()
  expect(expiryDay({ ...made, birthDate: '1967-02-10', gender: 'male' })).toBe('2029-02-10')
  expect(expiryDay({ ...made, birthDate: '1960-02-10', gender: 'male' })).toBe('2031-11-21')
})

test('the retirement age rises to 62 and 60 as Decree 135/2020 says', () => {
  // Table of the decree's annex: men born in January 1961 at 60 years 3 months, women born in January 1966 at 55 years 4 months.
  expect(retirementDay('1961-01-15', 'male')).toBe('2021-04-15')
  expect(retirementDay('1966-01-15', 'female')).toBe('2021-05-15')
  expect(retirementDay('1990-06-01', 'male')).toBe('2052-06-01')
  expect(retirementDay('1990-06-01', 'female')).toBe('2050-06-01')
})
