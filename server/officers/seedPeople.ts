import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Pool, PoolClient } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { v7 as uuidv7 } from 'uuid'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { setParents, upsertAgencies } from '../agencies/agenciesTable.ts'
import { inTransaction } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { personalNumberIndex } from '../keys/personalNumberIndex.ts'
import { searchName } from '../tables/searchName.ts'
import { sealPrivate } from './officerPrivate.ts'
import { syntheticPerson } from './syntheticPerson.ts'

const batchSize = 20_000

/**
 * Loads synthetic people into synthetic agencies below `root`, for load tests: the same arguments give the same people.
 * People already there (`from` counts) stay. One COPY of 20,000 people at a time, each a transaction of its own.
 */
export async function seedPeople(
  deps: { pool: Pool; cipher: FieldCipher },
  input: { people: number; agencies: number; root: AgencyCode; from?: number; onProgress?: (people: number) => void },
): Promise<void> {
  const codes = agencyCodes(input.root, input.agencies)
  await inTransaction(deps.pool, async tx => {
    const since = new Date('2020-01-01T00:00:00Z')
    const { rows } = await tx.query<{ code: string }>('select code from agencies where code = any($1)', [codes])
    const known = new Set(rows.map(row => row.code))
    const added = codes.filter(code => !known.has(code))
    await upsertAgencies(
      tx,
      added.map(code => ({ code, oldCode: null, nameVi: `MẪU Đơn vị ${code}`, nameEn: `SAMPLE Unit ${code}` })),
      since,
    )
    const placed = added.filter(code => code !== input.root)
    await setParents(
      tx,
      placed.map(code => ({ code, parent: code.slice(0, code.lastIndexOf('.')) as AgencyCode })),
      since,
    )
  })
  const start = input.from ?? 0
  const client = await deps.pool.connect()
  try {
    await client.query('set statement_timeout = 0')
    for (let at = start; at < start + input.people; at += batchSize) {
      const end = Math.min(at + batchSize, start + input.people)
      await copyPeople(client, deps.cipher, codes, at, end)
      input.onProgress?.(end - start)
    }
    await client.query('vacuum (analyze) officers')
    await client.query('vacuum (analyze) officer_tails')
  } finally {
    client.release(true)
  }
}

/** `root`, then units of it, then units of those: at most 99 at each place. */
function agencyCodes(root: AgencyCode, count: number): AgencyCode[] {
  const codes: AgencyCode[] = [root]
  for (let parent = 0; codes.length < count; parent++)
    for (let i = 1; i <= 99 && codes.length < count; i++) codes.push(`${codes[parent]}.${String(i).padStart(2, '0')}` as AgencyCode)
  return codes.slice(0, Math.max(count, 1))
}

async function copyPeople(client: PoolClient, cipher: FieldCipher, codes: readonly AgencyCode[], from: number, to: number): Promise<void> {
  function* lines(): Generator<string> {
    let text = ''
    for (let index = from; index < to; index++) {
      const person = syntheticPerson(index)
      const { personalNumber, birthDate, gender, email, soHieu, maNgach } = person
      const secret = sealPrivate(cipher, { personalNumber, birthDate, gender, email, soHieu, ...(maNgach ? { maNgach } : {}) })
      // Spread by a prime, so that neighbours in number are not neighbours at work.
      const agency = codes[(index * 7919) % codes.length]!
      const fields = [
        uuidv7(),
        agency,
        `\\\\x${personalNumberIndex(cipher, personalNumber).toString('hex')}`,
        `\\\\x${secret.toString('hex')}`,
        person.fullName,
        searchName(person.fullName),
        person.position,
        person.title,
        person.category,
      ]
      text += `${fields.join('\t')}\n`
      if (text.length < 65_536) continue
      yield text
      text = ''
    }
    yield text
  }
  const columns = 'id, agency_code, personal_number_index, private, full_name, search_name, position, title, category'
  await pipeline(Readable.from(lines()), client.query(copyFrom(`copy officers (${columns}) from stdin`)))
}
