import { createHash } from 'node:crypto'
import { beforeAll, expect, test } from '@jest/globals'
import { parseSealed, sealedPayload } from '../../../core/credential/sealed.ts'
import { decodeBase64url } from '../../../core/encoding/base64url.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { parseEntry } from '../../../core/log/entry.ts'
import { cardsOfOfficer } from '../../../server/cards/cardsTable.ts'
import { suspendCards } from '../../../server/cards/changeStatus.ts'
import { issueCards } from '../../../server/cards/issueCards.ts'
import { openCard } from '../../../server/cards/readCard.ts'
import { requestCards } from '../../../server/cards/requestCards.ts'
import { databaseSource } from '../../../server/log/logSource.ts'
import { entriesByRef } from '../../../server/log/readEntries.ts'
import { signCheckpoint } from '../../../server/log/signCheckpoint.ts'
import { verifyLog } from '../../../server/log/verifyLog.ts'
import { approveRequest } from '../../../server/requests/decideRequest.ts'
import { pendingDigest } from '../../../server/requests/requestsTable.ts'
import type { Actor } from '../../../server/staff/actor.ts'
import { useDatabase } from '../../support/database.ts'
import { makeMinistry, makeOfficers } from '../../support/ministry.ts'
import { testCipher } from '../../support/testCipher.ts'
import { newNoteKey, origin } from './support/testLog.ts'

const db = useDatabase()
const cipher = testCipher()
const agency = 'G09' as AgencyCode
const approver: Actor = { kind: 'person', sub: 'approver', name: 'Người duyệt', roles: new Set(['approver']), scopes: new Set(), agency }
const reason = 'Mất thẻ trên xe buýt số 32'
let officers: string[]

beforeAll(async () => {
  const signers = await makeMinistry(db.pool)
  const clock = () => 1_790_000_000
  const deps = { pool: db.pool, cipher, signers, origin: 'http://localhost:3000', clock, termYears: 5, isRestricted: () => false }
  officers = await makeOfficers(db.pool, cipher, 5)
  const { requestId } = await requestCards(deps, { maker: { sub: 'maker', name: 'Người lập' }, agency, officerIds: officers })
  await approveRequest(deps, { actor: approver, id: requestId!, claimsDigest: await pendingDigest(db.pool, requestId!), selection: 'all' })
  await issueCards(deps, requestId!)
  const [card] = await cardsOfOfficer(db.pool, officers[0]!)
  await suspendCards(deps, { actor: approver, serials: [card!.serial], reasonCode: 'MAT_THE', reason })
})

test('what issuing and changing wrote is found sound by the monitor', async () => {
  const log = await newNoteKey(origin)
  await signCheckpoint({ pool: db.pool, ...log })
  expect(await verifyLog({ source: databaseSource(db.pool), logKey: log.logKey, pool: db.pool })).toMatchObject({ findings: [] })
})

test('one who knows name, position, serial, index and photo of a person cannot tell which entry is theirs, nor why it ended', async () => {
  const [card] = await cardsOfOfficer(db.pool, officers[0]!)
  const { claims } = parseSealed(openCard(cipher, card!).sealedBytes)
  if (!('card' in claims)) throw new Error('no card')
  const entries = await entriesByRef(db.pool, card!.ref)
  expect(entries.map(e => e.entry?.type)).toEqual(['card.issued', 'card.suspended'])

  const { fullName, position, serial, photo, status } = claims.card
  const known = [
    fullName,
    position,
    serial,
    `${status.list},${status.idx}`,
    JSON.stringify([status.list, status.idx]),
    reason,
    `MAT_THE: ${reason}`,
    'MAT_THE',
  ]
  const guesses: Buffer[] = [
    ...known.map(text => Buffer.from(text)),
    Buffer.from(photo!),
    Buffer.concat(known.map(text => Buffer.from(text))),
  ]
  // Everything of the credential but its 16 random bytes, which leave it nowhere.
  for (const cti of [new Uint8Array(16), Buffer.from(serial.padEnd(16).slice(0, 16))])
    guesses.push(Buffer.from(sealedPayload({ ...claims, cti })))

  const published = entries.map(({ bytes }) => Buffer.from(bytes).toString('utf8'))
  const fields = entries.flatMap(({ bytes }) => Object.values(parseEntry(bytes)).filter(value => typeof value === 'string'))
  for (const guess of guesses) {
    const digests = ['sha256', 'sha1', 'md5', 'sha512'].map(name => createHash(name).update(guess).digest())
    for (const form of [
      guess,
      ...digests,
      ...digests.map(digest => digest.subarray(0, 16)),
      ...digests.map(digest => digest.subarray(0, 32)),
    ])
      for (const text of [form.toString('utf8'), form.toString('base64url'), form.toString('base64'), form.toString('hex')])
        for (const entry of published) expect(entry).not.toContain(text)
  }
  // The holder of the card, and nobody else, can: the digest is over all of it.
  expect(fields).toContain(createHash('sha256').update(sealedPayload(claims)).digest('base64url'))
  expect(decodeBase64url(String((entries[1]!.entry as { commitment: string }).commitment))).toHaveLength(32)
})

test('two people with the same data, and two ends for the same reason, look like any two', async () => {
  const { rows } = await db.pool.query("select entry from log_entries where type = 'card.issued'")
  const digests = rows.map(row => (parseEntry(row.entry) as { digest: string }).digest)
  expect(new Set(digests).size).toBe(rows.length)
})
