import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { escapeFormula } from '../../../server/tables/escapeFormula.ts'
import { readTable } from '../../../server/tables/readTable.ts'
import { tableLimits } from '../../../server/tables/tableLimits.ts'
import { writeCsv } from '../../../server/tables/writeCsv.ts'

async function cellsOf(file: Buffer | string, limits = tableLimits): Promise<[number, ...unknown[]][]> {
  const rows: [number, ...unknown[]][] = []
  for await (const row of readTable(Buffer.from(file as string), limits).rows) rows.push([row.row, ...row.cells])
  return rows
}

const text = 'ho_ten,ghi_chu\r\nNguyễn Thị Thảo,"một, hai"\r\n'
const expected = [
  [1, 'ho_ten', 'ghi_chu'],
  [2, 'Nguyễn Thị Thảo', 'một, hai'],
]
const utf16be = Buffer.from(text, 'utf16le').swap16()

test.each([
  ['UTF-8', Buffer.from(text)],
  ['UTF-8 with its mark', Buffer.from(`\ufeff${text}`)],
  ['UTF-16 little-endian with its mark', Buffer.from(`\ufeff${text}`, 'utf16le')],
  ['UTF-16 little-endian without', Buffer.from(text, 'utf16le')],
  ['UTF-16 big-endian with its mark', Buffer.concat([Buffer.from([0xfe, 0xff]), utf16be])],
  ['UTF-16 big-endian without', utf16be],
])('%s', async (_, file) => {
  expect(await cellsOf(file)).toEqual(expected)
})

test('Windows-1258 keeps its tones apart; they are composed', async () => {
  // ễ is ê (0xEA) and a combining tilde (0xDE); ị is i and a dot below (0xF2); ả is a and a hook above (0xD2).
  const name = Buffer.concat(['Nguy', [0xea, 0xde], 'n Thi', [0xf2], ' Tha', [0xd2], 'o'].map(part => Buffer.from(part as string)))
  const file = Buffer.concat([Buffer.from('ho_ten;so\n'), name, Buffer.from(';1\n')])
  expect(await cellsOf(file)).toEqual([
    [1, 'ho_ten', 'so'],
    [2, 'Nguyễn Thị Thảo', '1'],
  ])
})

test.each([
  ['semicolons', 'a;b\n1,5;2\n', '1,5'],
  ['tabs', 'a\tb\n1\t2\n', '1'],
  ['what sep= says', 'sep=|\na|b\n1|2\n', '1'],
])('%s part the fields', async (_, file, first) => {
  const rows = await cellsOf(file)
  expect(rows.at(-1)!.slice(1)).toEqual([first, '2'])
})

test('blank lines keep the numbers of the rows below them; a quoted field may hold a line break', async () => {
  expect(await cellsOf('a,b\n\n,\n"x\ny",2\n')).toEqual([
    [1, 'a', 'b'],
    [4, 'x\ny', '2'],
  ])
})

test.each([
  ['a quote that is not closed', 'a,b\n"x,2\n', 'table.csv'],
  ['control characters', 'a,b\n\u0001,2\n', 'table.encoding'],
  ['too many columns', `${'a,'.repeat(300)}b\n`, 'table.too-many-columns'],
  ['a cell too long', `a,b\n${'x'.repeat(40_000)},1\n`, 'table.cell-too-long'],
])('%s is refused', async (_, file, code) => {
  await expect(cellsOf(file)).rejects.toMatchObject({ code })
})

test('property: what is written is read back, and no field begins a formula', async () => {
  const field = fc.string({ unit: 'grapheme', maxLength: 12 }).map(one => one.normalize('NFC').replace(/\p{Cc}/gu, ' '))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(field, field), { maxLength: 6 }), async rows => {
      const pieces: string[] = []
      for await (const piece of writeCsv(['đầu', 'b'], rows)) pieces.push(piece)
      const read = await cellsOf(pieces.join(''))
      const kept = rows.filter(row => row.some(one => escapeFormula(one).trim() !== ''))
      expect(read.slice(1).map(row => row.slice(1).map(cell => cell ?? ''))).toEqual(kept.map(row => row.map(escapeFormula)))
    }),
    { numRuns: 100 },
  )
})
