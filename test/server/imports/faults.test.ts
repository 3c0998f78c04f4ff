import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from '@jest/globals'
import type { ImportDeps } from '../../../server/imports/importDeps.ts'
import { previewOf } from '../../../server/imports/previewOf.ts'
import { useDatabase } from '../../support/database.ts'
import { commit, csv, importDeps, preview } from '../../support/importing.ts'
import { testCipher } from '../../support/testCipher.ts'

const vectors = new URL('../../vectors/imports/', import.meta.url)
const db = useDatabase()
let deps: ImportDeps

beforeAll(async () => {
  deps = await importDeps(db.pool, testCipher())
  const units = Array.from({ length: 26 }, (_, i) => [`G09.${String(i + 1).padStart(2, '0')}`, `Đơn vị ${i + 1}`, 'G09'])
  const read = await preview(deps, csv(['ma', 'ten_vi', 'ma_cha'], ['G09', 'Bộ Nội vụ', ''], ...units))
  expect(read).toMatchObject({ state: 'preview', kind: 'agencies', counts: { new: 27, refused: 0 } })
  expect(await commit(deps, read.id)).toMatchObject({ state: 'done' })
  await deps.agencies.refresh(db.pool)
})

test('every fault of the sheet is repaired, warned of or refused as expected', async () => {
  const expected = JSON.parse(readFileSync(new URL('officers-with-faults.expected.json', vectors), 'utf8')) as {
    row: number
    expect: string
  }[]
  const read = await preview(deps, readFileSync(new URL('officers-with-faults.xlsx', vectors)))
  expect(read).toMatchObject({ state: 'preview', kind: 'officers', counts: { rows: 13, refused: 6, new: 7 } })
  const { rows } = await previewOf(deps, read.id)
  for (const { row, expect: what } of expected) {
    const shown = rows.find(one => one.row === row)!
    const [, verdict, column, to] = /^(repaired|refused|warning|accepted)(?:: (?:(\w+)(?: = (\S+))?)?)?/.exec(what)!
    expect([row, shown.outcome === 'refused']).toEqual([row, verdict === 'refused'])
    if (verdict === 'accepted' || what.includes('duplicate')) continue
    const number = /^\d{12}$/.test(column!) ? column : undefined
    const finding = shown.findings.find(
      one => one.severity === verdict && (number ? one.to === number : one.column === column) && (to === undefined || one.to === to),
    )
    expect([row, finding?.message.vi]).toEqual([row, expect.stringContaining(number ? 'so_dinh_danh' : column!)])
  }
  expect(rows.find(one => one.row === 10)!.findings).toMatchObject([{ code: 'import.duplicate', other: '9' }])
})

test('all or nothing by default; the good rows when asked; the same file again changes nothing', async () => {
  const file = readFileSync(new URL('officers-with-faults.xlsx', vectors))
  const read = await preview(deps, file)
  await expect(commit(deps, read.id)).rejects.toMatchObject({ code: 'import.refused-rows' })
  expect((await db.pool.query('select 1 from officers')).rowCount).toBe(0)
  expect(await commit(deps, read.id, true)).toMatchObject({ state: 'done' })
  const { rows } = await db.pool.query<{ position: string }>(`select position from officers where full_name = 'Nguyễn Ngọc Hiền'`)
  expect(rows[0]!.position).toBe('=HYPERLINK("http://evil.example","x")')
  expect((await db.pool.query('select 1 from officers')).rowCount).toBe(7)
  expect(await preview(deps, file)).toMatchObject({ counts: { new: 0, changed: 0, unchanged: 7 } })
})
