import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { strToU8, zipSync } from 'fflate'
import type { Cell, TableRow } from '../../../server/tables/cell.ts'
import { escapeFormula } from '../../../server/tables/escapeFormula.ts'
import { readTable } from '../../../server/tables/readTable.ts'
import { tableLimits } from '../../../server/tables/tableLimits.ts'
import { type SheetToWrite, writeXlsx } from '../../../server/tables/writeXlsx.ts'

const relationships = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'

/** A workbook of one sheet from the inside of its sheetData. */
function workbook(sheetData: string, parts: Record<string, string> = {}): Buffer {
  const all: Record<string, string> = {
    '[Content_Types].xml': '<Types/>',
    'xl/workbook.xml': `<workbook xmlns:r="${relationships}"><sheets><sheet name="Một" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships><Relationship Id="rId1" Type="${relationships}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${relationships}/sharedStrings" Target="/xl/sharedStrings.xml"/><Relationship Id="rId3" Type="${relationships}/styles" Target="styles.xml"/></Relationships>`,
    'xl/worksheets/sheet1.xml': `<worksheet><sheetData>${sheetData}</sheetData></worksheet>`,
    ...parts,
  }
  return Buffer.from(zipSync(Object.fromEntries(Object.entries(all).map(([name, text]) => [name, strToU8(text)]))))
}

async function rowsOf(file: Buffer, limits = tableLimits): Promise<TableRow[]> {
  const rows: TableRow[] = []
  for await (const row of readTable(file, limits).rows) rows.push(row)
  return rows
}

async function written(...sheets: SheetToWrite[]): Promise<Buffer> {
  return Buffer.concat(await writeXlsx(sheets).toArray())
}

test('cells keep their columns, shared and rich strings, dates, formula results, truth values', async () => {
  const file = workbook(
    `<row r="3"><c r="B3" t="s"><v>0</v></c><c r="D3" s="1"><v>33108</v></c><c t="str"><f>1+1</f><v>2 </v></c></row>
     <row><c t="s"><v>1</v></c><c t="inlineStr"><is><r><t>a</t></r><r><t xml:space="preserve"> b</t></r></is></c><c t="b"><v>1</v></c><c><v>1.5</v></c><c s="1"><v>1</v></c></row>
     <row r="9"><c r="A9" s="1"/></row>`,
    {
      'xl/sharedStrings.xml': '<sst><si><r><t>Nguyễn </t></r><r><t>An</t></r><rPh><t>x</t></rPh></si><si><t>tab_x0009_&amp;</t></si></sst>',
      'xl/styles.xml':
        '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="[$-42A]dd/mm/yyyy;@"/></numFmts><cellXfs><xf/><xf numFmtId="170"/></cellXfs></styleSheet>',
    },
  )
  expect(await rowsOf(file)).toEqual([
    { sheet: 'Một', row: 3, cells: [null, 'Nguyễn An', null, new Date('1990-08-23T00:00:00Z'), '2 '] },
    { sheet: 'Một', row: 4, cells: ['tab\t&', 'a b', true, 1.5, new Date('1900-01-01T00:00:00Z')] },
  ])
})

test('rows of a hidden sheet say so', async () => {
  const file = workbook('<row r="1"><c r="A1"><v>1</v></c></row>', {
    'xl/workbook.xml': `<workbook xmlns:r="${relationships}"><sheets><sheet name="Một" state="veryHidden" r:id="rId1"/></sheets></workbook>`,
  })
  expect(await rowsOf(file)).toEqual([{ sheet: 'Một', row: 1, cells: [1], hidden: true }])
})

test('a workbook may name its elements with a prefix and count days from 1904', async () => {
  const file = workbook('', {
    'xl/workbook.xml': `<x:workbook xmlns:x="m" xmlns:r="${relationships}"><x:workbookPr date1904="1"/><x:sheets><x:sheet name="S" r:id="rId1"/></x:sheets></x:workbook>`,
    'xl/worksheets/sheet1.xml':
      '<x:worksheet xmlns:x="m"><x:sheetData><x:row r="1"><x:c r="A1" s="0"><x:v>0</x:v></x:c></x:row></x:sheetData></x:worksheet>',
    'xl/styles.xml': '<styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>',
  })
  expect((await rowsOf(file))[0]!.cells).toEqual([new Date('1904-01-01T00:00:00Z')])
})

test.each([
  [
    'a document type',
    workbook('', { 'xl/sharedStrings.xml': '<!DOCTYPE s [<!ENTITY a "b">]><sst><si><t>&a;</t></si></sst>' }),
    'table.xml',
  ],
  ['broken XML', workbook('<row><c></row>'), 'table.xml'],
  ['an undefined entity', workbook('<row><c t="str"><v>&a;</v></c></row>'), 'table.xml'],
  ['a column past the limit', workbook('<row r="1"><c r="ZZ1"><v>1</v></c></row>'), 'table.too-many-columns'],
  ['a cell past the limit', workbook(`<row><c t="str"><v>${'x'.repeat(40_000)}</v></c></row>`), 'table.cell-too-long'],
  ['a text without end', workbook(`<row>${'0123456789abcdefghijklmnopqrstuvwxyz'.repeat(100_000)}`), 'table.xml'],
  ['a comment without end', workbook(`<row><!--${'0123456789abcdefghijklmnopqrstuvwxyz'.repeat(100_000)}`), 'table.xml'],
  [
    'strings without number',
    workbook('', { 'xl/sharedStrings.xml': `<sst>${'<si><t>0123456789</t></si>'.repeat(10)}</sst>` }),
    'table.too-large',
  ],
  ['a zip of other things', Buffer.from(zipSync({ 'a.jpg': strToU8('x') })), 'table.kind'],
  ['no sheet', workbook('', { 'xl/_rels/workbook.xml.rels': '<Relationships/>' }), 'table.sheet'],
  ['a zip that is none', Buffer.from('PK\x03\x04 not a zip at all, whatever it says'), 'table.zip'],
  ['an old .xls', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'table.locked'],
  ['a PDF', Buffer.from('%PDF-1.7 …'), 'table.kind'],
  ['nothing', Buffer.alloc(0), 'table.kind'],
])('%s is refused', async (_, file, code) => {
  await expect(rowsOf(file, { ...tableLimits, sharedChars: 100 })).rejects.toMatchObject({ code })
})

test('a part that unpacks to thousands of times its size is refused before it is unpacked', async () => {
  const file = workbook(`<row>${' '.repeat(40 << 20)}</row>`)
  expect(file.length).toBeLessThan(100_000)
  await expect(rowsOf(file)).rejects.toMatchObject({ code: 'table.bomb' })
})

test('rows are counted over all sheets', async () => {
  const rows = Array.from({ length: 60 }, (_, i) => [`r${i}`])
  const file = await written({ name: 'a', header: ['h'], rows }, { name: 'b', header: ['h'], rows })
  await expect(rowsOf(file, { ...tableLimits, rows: 121 })).rejects.toMatchObject({ code: 'table.too-many-rows' })
  expect(await rowsOf(file, { ...tableLimits, rows: 122 })).toHaveLength(122)
})

test('what is written is read back: texts with formulas escaped, numbers, dates, faulty cells, sheet names made legal', async () => {
  const day = new Date('2026-11-21T00:00:00Z')
  const cells = ['=1+1', '<b>&"', 7, day, null, { text: '', fault: true as const }, { text: '@x', fault: true as const }]
  const file = await written(
    { name: 'G09.01 [Vụ/Cục]', header: ['+a', 'b'], rows: [cells] },
    { name: 'G09.01  Vụ Cục ', header: ['x'], rows: [] },
  )
  const rows = await rowsOf(file)
  expect(rows.map(row => row.sheet)).toEqual(['G09.01  Vụ Cục', 'G09.01  Vụ Cục', 'G09.01  Vụ Cục 2'])
  expect(rows[0]!.cells).toEqual(["'+a", 'b'])
  expect(rows[1]!.cells).toEqual(["'=1+1", '<b>&"', 7, day, null, null, "'@x"])
})

test('property: any text survives, and no written text begins a formula', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { minLength: 1, maxLength: 8 }), async texts => {
      const clean = texts.map(text => text.normalize('NFC').replace(/[^\P{Cc}]|[\ufffe\uffff]|\r/gu, ''))
      const rows = await rowsOf(await written({ name: 's', header: ['h'], rows: [['start', ...clean, 'end']] }))
      const expected: Cell[] = ['start', ...clean.map(text => escapeFormula(text) || null), 'end']
      expect(rows[1]!.cells).toEqual(expected)
      for (const cell of rows[1]!.cells) expect(String(cell ?? '')).not.toMatch(/^\s*[=+@]/)
    }),
    { numRuns: 60 },
  )
})
