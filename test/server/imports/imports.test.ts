import { beforeAll, expect, test } from '@jest/globals'
import { strToU8, zipSync } from 'fflate'
import sharp from 'sharp'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { setParents, upsertAgencies } from '../../../server/agencies/agenciesTable.ts'
import { inTransaction } from '../../../server/db/transaction.ts'
import { commitImport } from '../../../server/imports/commitImport.ts'
import { errorWorkbook } from '../../../server/imports/errorWorkbook.ts'
import type { ImportDeps } from '../../../server/imports/importDeps.ts'
import { assignPhoto } from '../../../server/imports/importPhotosTable.ts'
import { readImport } from '../../../server/imports/importsTable.ts'
import { importTasks, resumeImports } from '../../../server/imports/importTasks.ts'
import { absentFrom, loosePhotos, previewOf } from '../../../server/imports/previewOf.ts'
import { readImportFile } from '../../../server/imports/readImportFile.ts'
import { cancelImport, previewAgain, startCommit } from '../../../server/imports/startImport.ts'
import { openPrivate } from '../../../server/officers/officerPrivate.ts'
import { readOfficerChanges } from '../../../server/officers/officersTable.ts'
import { readTable } from '../../../server/tables/readTable.ts'
import { writeXlsx } from '../../../server/tables/writeXlsx.ts'
import { useDatabase } from '../../support/database.ts'
import { commit, csv, importDeps, maker, preview } from '../../support/importing.ts'
import { testCipher } from '../../support/testCipher.ts'

const db = useDatabase()
let deps: ImportDeps
const header = ['so_dinh_danh', 'ho_ten', 'ngay_sinh', 'gioi_tinh', 'ma_don_vi', 'loai', 'chuc_vu', 'so_hieu', 'anh_file']
let next = 1

/** A good row; each call is another person. */
function person(set: Partial<Record<(typeof header)[number], string>> = {}): string[] {
  const number = `001085${String(next++).padStart(6, '0')}`
  const row: Record<string, string> = {
    so_dinh_danh: number,
    ho_ten: 'Nguyễn Văn Bình',
    ngay_sinh: '23/08/1985',
    gioi_tinh: 'Nam',
    ma_don_vi: 'G09.01',
    loai: 'CC',
    chuc_vu: '',
    so_hieu: `SH${number}`,
    anh_file: '',
    ...set,
  }
  return header.map(name => row[name]!)
}

async function jpeg(colour: string, size = { width: 300, height: 400 }): Promise<Uint8Array> {
  return sharp({ create: { ...size, channels: 3, background: colour } })
    .jpeg()
    .toBuffer()
}

async function officerByNumber(number: string) {
  const { rows } = await db.pool.query('select * from officers where personal_number_index = $1', [
    deps.cipher.index('personal-number', number),
  ])
  return rows[0]
}

async function countOfficers(): Promise<number> {
  return (await db.pool.query('select count(*)::int as count from officers')).rows[0].count
}

beforeAll(async () => {
  deps = await importDeps(db.pool, testCipher())
  const codes = ['G09', 'G09.01', 'G09.02', 'G03'] as AgencyCode[]
  await inTransaction(db.pool, async tx => {
    await upsertAgencies(
      tx,
      codes.map(code => ({ code, oldCode: null, nameVi: `Đơn vị ${code}`, nameEn: null })),
      new Date('2020-01-01'),
    )
    await setParents(
      tx,
      codes.slice(1, 3).map(code => ({ code, parent: codes[0]! })),
      new Date('2020-01-01'),
    )
  })
  await deps.agencies.refresh(db.pool)
})

test('a person is written whole: private data sealed, nothing personal in clear beside name and post', async () => {
  const row = person({ ho_ten: 'Trần Thị Hạnh', gioi_tinh: 'Nữ', chuc_vu: 'Trưởng phòng' })
  const read = await preview(deps, csv(header, row))
  expect(await countOfficers()).toBe(0)
  await commit(deps, read.id)
  const officer = await officerByNumber(row[0]!)
  expect(officer).toMatchObject({
    full_name: 'Trần Thị Hạnh',
    search_name: 'tran thi hanh',
    position: 'Trưởng phòng',
    category: 'CC',
    version: 1,
  })
  expect(openPrivate(deps.cipher, officer.private)).toEqual({
    personalNumber: row[0],
    birthDate: '1985-08-23',
    gender: 'female',
    soHieu: row[7],
  })
  expect(officer.warnings).toEqual([{ code: 'import.personal-number.gender', column: 'gioi_tinh', severity: 'warning' }])
  const dump =
    JSON.stringify((await db.pool.query('select * from import_rows')).rows) +
    JSON.stringify((await db.pool.query('select * from imports')).rows)
  for (const secret of [row[0]!, '1985-08-23', row[7]!, 'Hạnh']) expect(dump).not.toContain(secret)
})

test('a change is shown field by field, written once, and kept in the history; a missing column changes nothing', async () => {
  const row = person({ chuc_vu: 'Trưởng phòng' })
  await commit(deps, (await preview(deps, csv(header, row))).id)
  const changed = row.with(header.indexOf('chuc_vu'), '').with(header.indexOf('ma_don_vi'), 'G09.02')
  const read = await preview(deps, csv(header, changed))
  const { rows } = await previewOf(deps, read.id)
  expect(rows[0]).toMatchObject({
    outcome: 'changed',
    personalNumber: `${row[0]!.slice(0, 3)}***${row[0]!.slice(6)}`,
    changes: [
      { field: 'agency', before: 'G09.01', after: 'G09.02' },
      { field: 'position', before: 'Trưởng phòng', after: '' },
    ],
  })
  await commit(deps, read.id)
  const officer = await officerByNumber(row[0]!)
  expect(officer).toMatchObject({ agency_code: 'G09.02', position: '', version: 2 })
  const [change] = await readOfficerChanges(db.pool, officer.id)
  expect(JSON.parse(deps.cipher.open(change!.sealed).toString())).toEqual({ agency: ['G09.01', 'G09.02'], position: ['Trưởng phòng', ''] })
  expect(change).toMatchObject({ actorName: maker.name, importId: read.id, version: 2 })
  const fewer = header.slice(0, 6)
  expect(await preview(deps, csv(fewer, changed.slice(0, 6)))).toMatchObject({ counts: { unchanged: 1, changed: 0 } })
})

test('an exact repetition counts once, other data for the same person refuses the later row', async () => {
  const row = person()
  const read = await preview(deps, csv(header, row, row, row.with(1, 'Lê Văn Khác')))
  expect(read.counts).toMatchObject({ new: 1, repeated: 1, refused: 1 })
})

test('rows of another agency, and people of one, are listed and not written', async () => {
  const theirs = person({ ma_don_vi: 'G03' })
  await commit(deps, (await preview(deps, csv(header, theirs), { agency: 'G03' })).id)
  const stolen = theirs.with(header.indexOf('ma_don_vi'), 'G09.01')
  const own = person()
  const read = await preview(deps, csv(header, person({ ma_don_vi: 'G03' }), stolen, own), { agency: 'G09' })
  expect(read.counts).toMatchObject({ foreign: 2, new: 1 })
  const before = await countOfficers()
  expect(await commit(deps, read.id)).toMatchObject({ state: 'done' })
  expect(await countOfficers()).toBe(before + 1)
  expect((await officerByNumber(theirs[0]!)).agency_code).toBe('G03')
})

test('people who are absent from the file are named, of its agencies only, and nothing happens to them', async () => {
  const people = [person({ ma_don_vi: 'G09.02' }), person({ ma_don_vi: 'G09.02' }), person({ ma_don_vi: 'G09.02' })]
  await commit(deps, (await preview(deps, csv(header, ...people))).id)
  const read = await preview(deps, csv(header, people[0]!))
  const { people: absent } = await absentFrom(deps, read.id, null)
  expect(absent.length).toBeGreaterThanOrEqual(2)
  expect(new Set(absent.map(one => one.agency))).toEqual(new Set(['G09.02']))
  expect(read.counts).toMatchObject({ absent: absent.length })
  await commit(deps, read.id)
  expect(await officerByNumber(people[2]![0]!)).toMatchObject({ left_at: null, version: 1 })
})

test('merged titles, a header further down, several sheets, columns in any order and spelling', async () => {
  const one = person()
  const two = person()
  const columns = ['Họ và tên', 'STT', 'Số CCCD (12 số) *', 'Ngày, tháng, năm sinh', 'Giới tính', 'MÃ ĐƠN VỊ', 'Loai']
  const line = (row: string[], i: number) => [row[1]!, i, row[0]!, new Date('1985-08-23T00:00:00Z'), row[3]!, row[4]!, row[5]!]
  const file = Buffer.concat(
    await writeXlsx([
      { name: 'Bìa', header: ['DANH SÁCH'], rows: [['Kính gửi'], ['Ngày lập', 'Nam']] },
      {
        name: 'Vụ 1',
        header: ['BỘ NỘI VỤ'],
        rows: [['Danh sách cán bộ, công chức'], [], columns, columns.map((_, i) => `(${i + 1})`), line(one, 1), [], columns],
      },
      { name: 'Vụ 2', header: columns, rows: [line(two, 2)] },
    ]).toArray(),
  )
  const read = await preview(deps, file)
  expect(read).toMatchObject({ state: 'preview', counts: { rows: 2, new: 2 } })
  expect(read.columns).toMatchObject([{ sheet: 'Bìa' }, { sheet: 'Vụ 1', headerRow: 4, unknown: ['STT'] }, { sheet: 'Vụ 2', headerRow: 1 }])
  expect((await previewOf(deps, read.id)).rows.map(row => [row.sheet, row.row])).toEqual([
    ['Vụ 1', 6],
    ['Vụ 2', 2],
  ])
})

test('headers that cannot be guessed fail with what is missing; a person’s mapping mends it and is remembered', async () => {
  const odd = ['Mã A', 'ho_ten', 'ngay_sinh', 'gioi_tinh', 'ma_don_vi', 'Mã B']
  const row = person()
  const file = () => csv(odd, [row[0]!, row[1]!, row[2]!, row[3]!, row[4]!, row[5]!])
  const read = await preview(deps, file())
  expect(read).toMatchObject({
    state: 'failed',
    failureCode: 'import.columns',
    failureDetail: expect.stringContaining('so_dinh_danh, loai'),
  })
  expect(read.columns).toMatchObject([{ headers: odd, missing: ['so_dinh_danh', 'loai'] }])
  await previewAgain(deps, read.id, { so_dinh_danh: 'Mã A', loai: 'Mã B' })
  await readImportFile(deps, read.id)
  expect(await readImport(db.pool, read.id)).toMatchObject({ state: 'preview', counts: { new: 1 } })
  expect(await preview(deps, file())).toMatchObject({ state: 'preview', counts: { new: 1 } })
})

test('photos come by file name, by number, and by hand; what is no picture is refused and the person still imported', async () => {
  const people = [person({ anh_file: 'A.jpg' }), person(), person({ anh_file: 'bad.jpg' }), person(), person()]
  const photos = Buffer.from(
    zipSync({
      'x/a.JPG': await jpeg('#aa0000'),
      [`${people[1]![0]}.png`]: await jpeg('#00aa00', { width: 200, height: 260 }),
      'bad.jpg': strToU8('MZ not a picture'),
      'someone.jpg': await jpeg('#0000aa'),
      '__MACOSX/._a.jpg': strToU8('junk'),
    }),
  )
  const read = await preview(deps, csv(header, ...people), { photos })
  expect(read.counts).toMatchObject({ new: 5, photos: { files: 4, matched: 2, unmatched: 1, refused: 1, missing: 3 } })
  const { rows } = await previewOf(deps, read.id)
  expect(rows.map(row => [row.photo, ...row.findings.map(one => one.code)])).toEqual([
    ['new'],
    ['new', 'import.photo.small'],
    ['refused', 'import.photo.refused'],
    ['missing', 'import.photo.none'],
    ['missing', 'import.photo.none'],
  ])
  const { photos: loose } = await loosePhotos(deps, read.id, 0)
  expect(loose).toMatchObject([{ name: 'someone.jpg', refusal: null, officerId: null }])
  expect(await inTransaction(db.pool, tx => assignPhoto(tx, read.id, loose[0]!.seq, 4))).toBe(true)
  expect((await readImport(db.pool, read.id))!.counts).toMatchObject({
    photos: { files: 4, matched: 3, unmatched: 0, refused: 1, new: 3, missing: 2 },
  })
  await commit(deps, read.id)
  const digests = await Promise.all(people.map(async row => (await officerByNumber(row[0]!)).photo_digest))
  expect(digests.map(Boolean)).toEqual([true, true, false, true, false])
  // Later a photo alone: the person is not in the sheet, the file is named after their number.
  const later = Buffer.from(zipSync({ [`${people[4]![0]}.jpg`]: await jpeg('#aaaa00') }))
  const second = await preview(deps, csv(header, people[0]!), { photos: later })
  expect(second.counts).toMatchObject({ unchanged: 1, photos: { matched: 1 } })
  await commit(deps, second.id)
  expect((await officerByNumber(people[4]![0]!)).photo_digest).not.toBeNull()
  expect(
    (await db.pool.query('select 1 from import_photos union all select 1 from import_files where import_id = $1', [second.id])).rowCount,
  ).toBe(0)
})

test('a zip bomb among the photos fails the import before anything is unpacked', async () => {
  const photos = Buffer.from(zipSync({ 'a.jpg': new Uint8Array(8 << 20) }, { level: 9 }))
  expect(await preview(deps, csv(header, person()), { photos })).toMatchObject({ state: 'failed', failureCode: 'table.bomb' })
})

test('the error workbook has a sheet a unit, faulty cells red, repairs made, and can be mended and imported again', async () => {
  const rows = [
    person({ ngay_sinh: '31/02/1990', chuc_vu: '=cmd' }),
    person({ ma_don_vi: 'G09.02', loai: 'ZZ' }),
    person({ ma_don_vi: 'sai' }),
    person(),
  ]
  const short = rows[0]!.with(0, '1085999999')
  const read = await preview(deps, csv(header, short, ...rows.slice(1)))
  const file = Buffer.concat(await (await errorWorkbook(deps, read.id, 'vi')).toArray())
  const sheets = new Map<string, unknown[][]>()
  for await (const row of readTable(file).rows) sheets.set(row.sheet, [...(sheets.get(row.sheet) ?? []), row.cells])
  expect([...sheets.keys()]).toEqual(['G09.01 Đơn vị G09.01', 'G09.02 Đơn vị G09.02', 'Không đọc được đơn vị'])
  const [head, fault] = sheets.get('G09.01 Đơn vị G09.01')!
  expect(head).toEqual([...header, 'Dòng trong tệp', 'Cần sửa'])
  expect(fault!.slice(0, 7)).toEqual(['001085999999', rows[0]![1], '31/02/1990', 'Nam', 'G09.01', 'CC', "'=cmd"])
  expect(fault!.at(-1)).toContain('ngay_sinh')
  const again = await preview(deps, file)
  expect(again).toMatchObject({
    counts: { rows: 3, refused: 3 },
    columns: expect.arrayContaining([expect.objectContaining({ unknown: ['Dòng trong tệp', 'Cần sửa'] })]),
  })
  expect((await previewOf(deps, again.id)).rows[0]!.findings).toContainEqual(
    expect.objectContaining({ code: 'import.text.formula', value: '=cmd' }),
  )
})

test('people who change between preview and commit stop it whole; a new preview goes through', async () => {
  const rows = [person(), person()]
  await commit(deps, (await preview(deps, csv(header, ...rows))).id)
  const renamed = rows.map(row => row.with(1, 'Lê Văn Mới'))
  const [first, second] = [await preview(deps, csv(header, ...renamed)), await preview(deps, csv(header, renamed[1]!))]
  await commit(deps, second.id)
  expect(await commit(deps, first.id)).toMatchObject({ state: 'failed', failureCode: 'import.stale' })
  expect((await officerByNumber(rows[0]![0]!)).full_name).toBe('Nguyễn Văn Bình')
  await previewAgain(deps, first.id)
  await readImportFile(deps, first.id)
  expect(await commit(deps, first.id)).toMatchObject({ state: 'done' })
  expect((await officerByNumber(rows[0]![0]!)).full_name).toBe('Lê Văn Mới')
})

test('two imports that add the same people: the later one is stale, nobody is there twice', async () => {
  const rows = [person(), person()]
  const [first, second] = [await preview(deps, csv(header, ...rows)), await preview(deps, csv(header, ...rows))]
  for (const one of [first, second]) await startCommit(deps, one.id, { onlyGood: false })
  await Promise.all([commitImport(deps, first.id), commitImport(deps, second.id)])
  const states = await Promise.all([first, second].map(async one => (await readImport(db.pool, one.id))!.state))
  expect(states.sort()).toEqual(['done', 'failed'])
})

test('a worker killed in the middle leaves nothing half written, and the next one finishes', async () => {
  const rows = Array.from({ length: 2500 }, () => person())
  const read = await preview(deps, csv(header, ...rows))
  await startCommit(deps, read.id, { onlyGood: false })
  const before = await countOfficers()
  // The connection that writes dies after its second statement on officers, as with kill -9 of the process.
  let statements = 0
  const dying = Object.create(db.pool) as typeof db.pool
  dying.connect = (async (callback?: () => void) => {
    if (callback) return db.pool.connect(callback) // pool.query, for progress: another connection
    const client = await db.pool.connect()
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>
    client.query = (async (...args: unknown[]) => {
      if (String(args[0]).startsWith('insert into officers') && ++statements === 2) {
        const { rows: own } = (await query('select pg_backend_pid() as pid')) as { rows: { pid: number }[] }
        await db.pool.query('select pg_terminate_backend($1)', [own[0]!.pid])
      }
      return query(...args)
    }) as never
    return client
  }) as never
  await expect(commitImport({ ...deps, pool: dying }, read.id)).rejects.toThrow()
  expect(statements).toBe(2)
  expect(await countOfficers()).toBe(before)
  expect(await readImport(db.pool, read.id)).toMatchObject({ state: 'committing' })
  await resumeImports(deps, 0)
  const jobs = await db.pool.query<{ task: string }>(`select task_identifier as task from graphile_worker.jobs where key = $1`, [
    `import-resumed:${read.id}`,
  ])
  expect(jobs.rows).toEqual([{ task: 'commitImport' }])
  await importTasks(deps).commitImport({ importId: read.id })
  expect(await readImport(db.pool, read.id)).toMatchObject({ state: 'done' })
  expect(await countOfficers()).toBe(before + 2500)
})

test('a cancelled import writes nothing, even when the cancellation comes while it is written', async () => {
  const rows = Array.from({ length: 2100 }, () => person())
  const read = await preview(deps, csv(header, ...rows))
  await startCommit(deps, read.id, { onlyGood: false })
  const before = await countOfficers()
  const cancelling = { ...deps, cipher: { ...deps.cipher, open: deps.cipher.open } }
  let opened = 0
  cancelling.cipher.open = sealed => {
    if (++opened === 1500) void cancelImport(deps, read.id, maker)
    return deps.cipher.open(sealed)
  }
  await commitImport(cancelling, read.id)
  expect(await readImport(db.pool, read.id)).toMatchObject({ state: 'cancelled' })
  expect(await countOfficers()).toBe(before)
  await expect(cancelImport(deps, read.id, maker)).rejects.toMatchObject({ code: 'import.conflict' })
  await importTasks(deps).sweepImports({})
  expect((await db.pool.query('select 1 from import_rows where import_id = $1', [read.id])).rowCount).toBe(0)
})
