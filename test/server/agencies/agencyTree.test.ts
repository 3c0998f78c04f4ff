import { beforeAll, expect, test } from '@jest/globals'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { setParents, upsertAgencies } from '../../../server/agencies/agenciesTable.ts'
import { type AgencyTree, loadAgencyTree } from '../../../server/agencies/agencyTree.ts'
import { applyAgencyChanges } from '../../../server/agencies/applyAgencyChanges.ts'
import { inTransaction } from '../../../server/db/transaction.ts'
import type { ImportDeps } from '../../../server/imports/importDeps.ts'
import { previewOf } from '../../../server/imports/previewOf.ts'
import { requestById } from '../../../server/requests/requestsTable.ts'
import { approveAs, changeAgencies, profileOf } from '../../support/agencyChanges.ts'
import { useDatabase } from '../../support/database.ts'
import { commit, csv, importDeps, preview } from '../../support/importing.ts'
import { testCipher } from '../../support/testCipher.ts'

const db = useDatabase()
const cipher = testCipher()
const time = (day: string) => Date.parse(`${day}T00:00:00Z`) / 1000
const code = (text: string) => text as AgencyCode
let imports: ImportDeps
let tree: AgencyTree
let now = time('2026-01-01')
const deps = () => ({ pool: db.pool, cipher, agencies: tree, clock: () => now })
const add = (one: string, parent: string, name: string, oldCode = '') =>
  changeAgencies(deps(), parent, { action: 'add', code: code(one), parent: code(parent), profile: profileOf(name, { oldCode }) })

beforeAll(async () => {
  imports = await importDeps(db.pool, cipher)
  tree = imports.agencies
  await inTransaction(db.pool, async tx => {
    const names = ['G01', 'G01.01', 'G01.02', 'G01.01.01', 'G02']
    await upsertAgencies(
      tx,
      names.map(one => ({ code: code(one), oldCode: null, nameVi: one, nameEn: null })),
      new Date('2020-01-01'),
    )
    const moves = [
      ['G01.01', 'G01'],
      ['G01.02', 'G01'],
      ['G01.01.01', 'G01.01'],
    ].map(([child, parent]) => ({ code: code(child!), parent: code(parent!) }))
    await setParents(tx, moves, new Date('2020-01-01'))
  })
  await tree.refresh(db.pool)
})

test('the subtree follows the parents on record, never the prefix of the code', async () => {
  await add('G01.03', 'G02', 'Dưới Bộ khác')
  expect(tree.inSubtree('G01.01.01', 'G01')).toBe(true)
  expect(tree.inSubtree('G01.03', 'G01')).toBe(false)
  expect(tree.inSubtree('G01.03', 'G02')).toBe(true)
  expect(tree.ancestors('G01.01.01')).toEqual(['G01.01', 'G01'])
  expect(tree.subtree('G01')).toEqual(['G01', 'G01.01', 'G01.01.01', 'G01.02'])
})

test('a move counts from its day; before it the old parent stays true', async () => {
  now = time('2026-02-01')
  await changeAgencies(deps(), 'G01', { action: 'move', code: code('G01.01.01'), parent: code('G01.02') })
  expect(tree.inSubtree('G01.01.01', 'G01.01')).toBe(false)
  expect(tree.inSubtree('G01.01.01', 'G01.01', time('2026-01-15'))).toBe(true)
  expect(tree.inSubtree('G01.01.01', 'G01.02', time('2026-01-15'))).toBe(false)
  expect(tree.inSubtree('G01.01.01', 'G01', time('2026-01-15'))).toBe(true)
})

test('a dissolved agency names its successor once, and people can no longer be imported into it', async () => {
  const dissolve = { action: 'dissolve', code: code('G01.01'), successor: code('G01.02') } as const
  await changeAgencies(deps(), 'G01', dissolve)
  expect(tree.get('G01.01')).toMatchObject({ successor: { code: 'G01.02' } })
  await expect(changeAgencies(deps(), 'G01', dissolve)).rejects.toMatchObject({ code: 'agency.conflict' })
  const header = ['so_dinh_danh', 'ho_ten', 'ngay_sinh', 'gioi_tinh', 'ma_don_vi', 'loai']
  const read = await preview(imports, csv(header, ['001085012345', 'Lê An', '23/08/1985', 'Nam', 'G01.01', 'CC']), { agency: 'G01' })
  const { rows } = await previewOf(imports, read.id)
  expect(rows[0]!.findings[0]).toMatchObject({ code: 'import.agency.ended', other: expect.stringContaining('G01.02') })
})

test('a tree held by another process sees the change at its next refresh', async () => {
  const other = await loadAgencyTree(db.pool)
  await add('G02.09', 'G02', 'Mới', '000.00.09.G02')
  expect(other.get('G02.09')).toBeUndefined()
  await other.refresh(db.pool)
  expect(other.byOldCode('000.00.09.G02')?.code).toBe('G02.09')
})

test('a sheet of agencies: order does not matter; cycles, unknown parents and other agencies are refused or left alone', async () => {
  const sheet = csv(
    ['Mã đơn vị', 'Mã cũ', 'Tên', 'Mã cấp trên'],
    ['G02.01.01', '', 'Phòng', 'G02.01'],
    ['G02.01', '000.00.01.G02', 'Vụ', 'G02'],
    ['G02', '', 'Bộ đổi tên', ''],
    ['G02.05', '', 'Vòng', 'G02.06'],
    ['G02.06', '', 'Vòng', 'G02.05'],
    ['G02.07', '', 'Lạc', 'G02.99'],
    ['G01.09', '', 'Của Bộ khác', 'G01'],
    ['g02.08', '', 'Chữ thường', 'G02'],
    ['G2', '', 'Sai', ''],
  )
  const read = await preview(imports, sheet, { agency: 'G02' })
  const { rows } = await previewOf(imports, read.id)
  expect(rows.map(row => [row.row, row.outcome, row.findings.map(one => one.code).join()])).toEqual([
    [2, 'new', ''],
    [3, 'new', ''],
    [4, 'changed', ''],
    [5, 'refused', 'import.parent.cycle'],
    [6, 'refused', 'import.parent.cycle'],
    [7, 'refused', 'import.parent.unknown'],
    [8, 'foreign', 'import.other-agency'],
    [9, 'new', 'import.agency.case'],
    [10, 'refused', 'import.agency.form'],
  ])
  // Below an agency that is on record two administrators decide: what the sheet changes is asked for, parents before their children.
  const { state, requestId } = await commit(imports, read.id, true)
  expect([state, tree.get('G02')?.nameVi]).toEqual(['done', 'G02'])
  expect((await requestById(db.pool, requestId!))?.total).toBe(4)
  await approveAs(deps(), requestId!, 'admin2')
  await applyAgencyChanges(deps(), requestId!)
  expect(await requestById(db.pool, requestId!)).toMatchObject({ done: 4, failed: 0 })
  expect(tree.subtree('G02')).toEqual(['G01.03', 'G02', 'G02.01', 'G02.01.01', 'G02.08', 'G02.09'])
  expect(tree.get('G02')?.nameVi).toBe('Bộ đổi tên')
})

test('a sheet takes no agency of another ministry, and does not free its own from the one above', async () => {
  const sheet = csv(['ma', 'ten_vi', 'ma_cha'], ['G02', 'Tách ra', 'G02.08'], ['G01.02', 'Lấy', 'G02'], ['G02.08', 'Được', 'G02.09'])
  const read = await preview(imports, sheet, { agency: 'G02' })
  expect((await previewOf(imports, read.id)).rows.map(row => row.outcome)).toEqual(['refused', 'foreign', 'refused'])
  const below = await preview(imports, csv(['ma', 'ten_vi', 'ma_cha'], ['G02.08', 'Tách ra', ''], ['G02.08.01', 'Được', 'G02.08']), {
    agency: 'G02.08',
  })
  expect((await previewOf(imports, below.id)).rows.map(row => row.outcome)).toEqual(['foreign', 'new'])
})

test('a sheet moves and renames what is there; a column that it does not have changes nothing', async () => {
  await add('G02.20', 'G02', 'Có mã cũ', '000.00.20.G02')
  const read = await preview(imports, csv(['ma', 'ten_vi', 'ma_cha'], ['G02.20', 'Tên mới', 'G02.01'], ['G02.01', 'Vụ', 'G02']), {
    agency: 'G02',
  })
  expect((await previewOf(imports, read.id)).rows.map(row => row.outcome)).toEqual(['changed', 'unchanged'])
  const { requestId } = await commit(imports, read.id)
  await approveAs(deps(), requestId!, 'admin2')
  await applyAgencyChanges(deps(), requestId!)
  expect(tree.get('G02.20')).toMatchObject({ nameVi: 'Tên mới', oldCode: '000.00.20.G02' })
  expect(tree.ancestors('G02.20')).toEqual(['G02.01', 'G02'])
})
