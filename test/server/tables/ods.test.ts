import { expect, test } from '@jest/globals'
import { strToU8, zipSync } from 'fflate'
import { readTable } from '../../../server/tables/readTable.ts'

/** An OpenDocument spreadsheet around the given rows; `mimetype` stands first and unpacked. */
function ods(rows: string): Buffer {
  const content = `<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><office:body><office:spreadsheet><table:table table:name="Cán bộ">${rows}</table:table></office:spreadsheet></office:body></office:document-content>`
  return Buffer.from(
    zipSync({ mimetype: [strToU8('application/vnd.oasis.opendocument.spreadsheet'), { level: 0 }], 'content.xml': strToU8(content) }),
  )
}

async function rowsOf(file: Buffer) {
  const table = readTable(file)
  const rows = []
  for await (const row of table.rows) rows.push(row)
  return { kind: table.kind, rows }
}

test('values, repeated cells and rows, spaces and notes', async () => {
  const file = ods(
    `<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>
     <table:table-row><table:table-cell office:value-type="string"><office:annotation><text:p>ghi chú</text:p></office:annotation><text:p>a<text:s text:c="2"/>b</text:p><text:p>c</text:p></table:table-cell><table:table-cell table:number-columns-repeated="2"/><table:table-cell office:value-type="float" office:value="1085012345" table:number-columns-repeated="2"><text:p>1 085</text:p></table:table-cell><table:table-cell office:value-type="date" office:date-value="1990-08-23"><text:p>23/08/90</text:p></table:table-cell></table:table-row>
     <table:table-row table:number-rows-repeated="2"><table:table-cell office:value-type="boolean" office:boolean-value="true"/></table:table-row>
     <table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>`,
  )
  expect(await rowsOf(file)).toEqual({
    kind: 'ods',
    rows: [
      { sheet: 'Cán bộ', row: 3, cells: ['a  b\nc', null, null, 1085012345, 1085012345, new Date('1990-08-23T00:00:00Z')] },
      { sheet: 'Cán bộ', row: 4, cells: [true] },
      { sheet: 'Cán bộ', row: 5, cells: [true] },
    ],
  })
})

test('a row with content repeated a million times is refused, not written out', async () => {
  const file = ods(
    '<table:table-row table:number-rows-repeated="1000000"><table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>',
  )
  await expect(rowsOf(file)).rejects.toMatchObject({ code: 'table.too-many-rows' })
})

test('a cell with content repeated past the columns is refused', async () => {
  const file = ods(
    '<table:table-row><table:table-cell office:value-type="string" table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell></table:table-row>',
  )
  await expect(rowsOf(file)).rejects.toMatchObject({ code: 'table.too-many-columns' })
})

test('rows of a hidden sheet say so, those of the next do not', async () => {
  const sheet = (style: string) =>
    `<table:table table:name="${style}" table:style-name="${style}"><table:table-row><table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row></table:table>`
  const content = `<office:document-content xmlns:office="o" xmlns:style="s" xmlns:table="t" xmlns:text="x"><office:automatic-styles><style:style style:name="ta1"><style:table-properties table:display="false"/></style:style><style:style style:name="ta2"><style:table-properties table:display="true"/></style:style></office:automatic-styles><office:body><office:spreadsheet>${sheet('ta1')}${sheet('ta2')}</office:spreadsheet></office:body></office:document-content>`
  expect((await rowsOf(Buffer.from(zipSync({ 'content.xml': strToU8(content) })))).rows).toEqual([
    { sheet: 'ta1', row: 1, cells: ['x'], hidden: true },
    { sheet: 'ta2', row: 1, cells: ['x'] },
  ])
})
