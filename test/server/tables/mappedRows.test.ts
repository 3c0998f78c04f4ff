import { expect, test } from '@jest/globals'
import type { TableRow } from '../../../server/tables/cell.ts'
import { mappedRows, type SheetNote } from '../../../server/tables/mappedRows.ts'
import { readTable } from '../../../server/tables/readTable.ts'

const specs = [
  { name: 'ho_ten', required: true, aliases: ['Họ và tên'] },
  { name: 'ma_don_vi', required: true, aliases: ['Mã đơn vị'] },
  { name: 'loai', required: true, aliases: ['Loại'] },
]

async function read(rows: AsyncGenerator<TableRow>) {
  const notes: SheetNote[] = []
  const names: string[] = []
  for await (const { row, cells, map } of mappedRows(
    { kind: 'xlsx', rows },
    specs,
    () => ({}),
    note => notes.push(note),
  ))
    names.push(`${row} ${specs.map(spec => cells[map.columns.get(spec.name)!]).join(' ')}`)
  return { names, notes }
}

const csvRows = (...lines: string[]) => readTable(Buffer.from(lines.join('\n'))).rows

test('a heading over several columns, with their own names below it', async () => {
  const { names, notes } = await read(
    csvRows('DANH SÁCH', 'Họ và tên,Nơi công tác,', ',Mã đơn vị,Loại', '(1),(2),(3)', 'An,G09.01,CC', 'Bình,G09.02,VC'),
  )
  expect(names).toEqual(['5 An G09.01 CC', '6 Bình G09.02 VC'])
  expect(notes).toMatchObject([{ headerRow: 3, map: { headers: ['Họ và tên', 'Mã đơn vị', 'Loại'], missing: [], unknown: [] } }])
})

test('one header row is not mixed with the title above it or the person below it', async () => {
  const { notes } = await read(csvRows('Danh sách,,,Loại', 'Họ và tên,Mã đơn vị,Loại', 'An,G09.01,CC'))
  expect(notes).toMatchObject([{ headerRow: 2, map: { headers: ['Họ và tên', 'Mã đơn vị', 'Loại'] } }])
})

test('a hidden sheet is passed over, and said to be', async () => {
  async function* rows(): AsyncGenerator<TableRow> {
    for (const [sheet, name] of [
      ['cũ', 'Xưa'],
      ['nay', 'An'],
    ] as const) {
      const hidden = sheet === 'cũ' ? { hidden: true as const } : {}
      yield { sheet, row: 1, cells: ['Họ và tên', 'Mã đơn vị', 'Loại'], ...hidden }
      yield { sheet, row: 2, cells: [name, 'G09.01', 'CC'], ...hidden }
    }
  }
  const { names, notes } = await read(rows())
  expect(names).toEqual(['2 An G09.01 CC'])
  expect(notes).toMatchObject([
    { sheet: 'cũ', hidden: true },
    { sheet: 'nay', headerRow: 1 },
  ])
})
