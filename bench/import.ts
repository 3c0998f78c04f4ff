import { createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { AgencyCode } from '../core/identity/agencyCode.ts'
import { loadAgencyTree } from '../server/agencies/agencyTree.ts'
import { commitImport } from '../server/imports/commitImport.ts'
import { readImport } from '../server/imports/importsTable.ts'
import { readImportFile } from '../server/imports/readImportFile.ts'
import { startCommit, startImport } from '../server/imports/startImport.ts'
import { createFieldCipher } from '../server/keys/fieldCipher.ts'
import { searchOfficers } from '../server/officers/searchOfficers.ts'
import { seedPeople } from '../server/officers/seedPeople.ts'
import { syntheticPerson } from '../server/officers/syntheticPerson.ts'
import { readTable } from '../server/tables/readTable.ts'
import { writeXlsx } from '../server/tables/writeXlsx.ts'
import { ownDatabase } from './ownDatabase.ts'
import type { Report } from './report.ts'

const people = Number(process.env.BENCH_PEOPLE ?? 100_000)
const header = [
  'so_dinh_danh',
  'ho_ten',
  'ngay_sinh',
  'gioi_tinh',
  'ma_don_vi',
  'loai',
  'chuc_vu',
  'chuc_danh',
  'ma_ngach',
  'so_hieu',
  'email',
]

/**
 * A personnel sheet of 100,000 rows (BENCH_PEOPLE changes it): read, previewed and written on a durable PostgreSQL of its own;
 * the limit is reading the sheet alone. Then the same sheet again, and searches among these people.
 */
export async function run(report: Report): Promise<void> {
  await ownDatabase(async ({ pool, dir }) => {
    const cipher = await createFieldCipher(pool, Buffer.alloc(32, 7))
    await seedPeople({ pool, cipher }, { people: 0, agencies: 100, root: 'G09' as AgencyCode })
    const deps = { pool, cipher, agencies: await loadAgencyTree(pool), clock: () => Date.now() / 1000 }
    const file = join(dir, 'people.xlsx')
    report({
      case: 'write the sheet',
      rate: await rateOf(() => pipeline(writeXlsx([{ name: 'Cán bộ', header, rows: sheetRows() }]), createWriteStream(file))),
      unit: 'rows/s',
    })
    const bytes = readFileSync(file)
    const limit = await rateOf(async () => {
      for await (const _ of readTable(bytes).rows);
    })
    report({ case: 'read the sheet', rate: limit, unit: 'rows/s', limit })
    for (const round of ['new people', 'the same again']) {
      const id = await startImport(deps, {
        maker: { sub: 'bench', name: 'bench' },
        agency: 'G09',
        may: ['officers'],
        file: { name: 'people.xlsx', stream: pieces(bytes) },
      })
      report({ case: `preview, ${round}`, rate: await rateOf(() => readImportFile(deps, id)), unit: 'rows/s', limit })
      await startCommit(deps, id, { onlyGood: true })
      if (round === 'new people')
        report({ case: 'commit, new people', rate: await rateOf(() => commitImport(deps, id)), unit: 'rows/s', limit })
      else await commitImport(deps, id)
      const end = await readImport(pool, id)
      if (end?.state !== 'done') throw new Error(`the import ended as ${end?.state} ${end?.failureCode}`)
    }
    report({ case: 'peak memory', rate: process.resourceUsage().maxRSS / 1024, unit: 'MiB', limit: 500 })
    await pool.query('vacuum (analyze) officers, officer_tails')
    for (const query of ['nguyen', 'nguyen thi thao', 'thao', 'thao nguyen', 'khong co ai']) {
      const rounds = 20
      const rate = await rateOf(async () => {
        for (let i = 0; i < rounds; i++) await searchOfficers(deps, 'G09', { query })
      }, rounds)
      report({ case: `search "${query}"`, rate, unit: 'searches/s' })
    }
  })
}

async function rateOf(work: () => Promise<unknown>, count = people): Promise<number> {
  const start = performance.now()
  await work()
  return (count * 1000) / (performance.now() - start)
}

function* sheetRows(): Generator<(string | Date)[]> {
  for (let i = 0; i < people; i++) {
    const person = syntheticPerson(i)
    const unit = `G09.${String(1 + (i % 99)).padStart(2, '0')}`
    const gender = person.gender === 'male' ? 'Nam' : 'Nữ'
    const { personalNumber, fullName, birthDate, category, position, title, maNgach, soHieu, email } = person
    yield [personalNumber, fullName, new Date(birthDate), gender, unit, category, position, title, maNgach, soHieu, email]
  }
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1 << 20) yield bytes.subarray(at, at + (1 << 20))
}
