import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { strToU8, unzipSync, zipSync } from 'fflate'
import { AppError } from '../../../core/errors.ts'
import { officerColumns } from '../../../server/imports/officerColumns.ts'
import { readOfficerRow } from '../../../server/imports/officerRow.ts'
import { mappedRows } from '../../../server/tables/mappedRows.ts'
import { readTable } from '../../../server/tables/readTable.ts'
import { writeXlsx } from '../../../server/tables/writeXlsx.ts'

const header = ['so_dinh_danh', 'ho_ten', 'ngay_sinh', 'gioi_tinh', 'ma_don_vi', 'loai']
const row = ['001085012345', 'Nguyễn Thị Thảo', new Date('1985-08-23'), 'Nữ', 'G09.01', 'CC']
const xlsx = Buffer.concat(await writeXlsx([{ name: 'A', header, rows: [row, row] }]).toArray())
const odsContent = `<o xmlns:table="t" xmlns:office="o" xmlns:text="x"><table:table table:name="A">${[header, header]
  .map(
    cells =>
      `<table:table-row>${cells.map(cell => `<table:table-cell office:value-type="string"><text:p>${cell}</text:p></table:table-cell>`).join('')}</table:table-row>`,
  )
  .join('')}</table:table></o>`
const ods = Buffer.from(
  zipSync({ mimetype: [strToU8('application/vnd.oasis.opendocument.spreadsheet'), { level: 0 }], 'content.xml': strToU8(odsContent) }),
)
const csv = Buffer.from(`${header.join(';')}\n001085012345;Nguyễn;23/08/1985;Nữ;G09.01;CC\n`)
const agencies = { get: () => undefined, byOldCode: () => undefined }

/** Reads a file as an import does; answers how it ended, which is never anything but rows or a code of ours. */
async function outcomeOf(file: Buffer): Promise<string> {
  try {
    const table = readTable(file)
    for await (const { cells, map } of mappedRows(
      table,
      officerColumns,
      () => ({}),
      () => {},
    ))
      readOfficerRow(cells, map, { kind: table.kind, agencies, today: '2026-11-21' })
    return 'rows'
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}

function mutated(bytes: Uint8Array, edits: readonly [number, number][]): Buffer {
  const copy = Buffer.from(bytes)
  for (const [at, value] of edits) copy[at % copy.length] = value
  return copy
}

const edits = fc.array(fc.tuple(fc.nat(1_000_000), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 12 })

test('the files themselves are read', async () => {
  for (const file of [xlsx, ods, csv]) expect(await outcomeOf(file)).toBe('rows')
})

test.each([
  ['XLSX', xlsx],
  ['ODS', ods],
  ['CSV', csv],
])('property: a damaged or shortened %s ends in rows or a code of ours', async (_, file) => {
  await fc.assert(
    fc.asyncProperty(edits, fc.nat(file.length), fc.boolean(), async (changes, length, shorten) => {
      expect(await outcomeOf(mutated(shorten ? file.subarray(0, length) : file, changes))).toMatch(/^(rows|table\.|import\.columns)/)
    }),
    { numRuns: 300 },
  )
})

test('property: damage inside the parts, below the compression, ends in rows or a code of ours', async () => {
  const parts = Object.entries(unzipSync(xlsx))
  await fc.assert(
    fc.asyncProperty(edits, fc.nat(parts.length - 1), async (changes, which) => {
      const file = Object.fromEntries(
        parts.map(([name, bytes], i) => [name, i === which ? new Uint8Array(mutated(bytes, changes)) : bytes]),
      )
      expect(await outcomeOf(Buffer.from(zipSync(file)))).toMatch(/^(rows|table\.|import\.columns)/)
    }),
    { numRuns: 300 },
  )
})

test('property: any bytes at all end in rows or a code of ours', async () => {
  const start = fc.constantFrom('', 'PK\x03\x04', '\xff\xfe', '\xef\xbb\xbf', 'sep=;\n')
  await fc.assert(
    fc.asyncProperty(start, fc.uint8Array({ maxLength: 300 }), async (magic, bytes) => {
      expect(await outcomeOf(Buffer.concat([Buffer.from(magic, 'latin1'), bytes]))).toMatch(/^(rows|table\.|import\.columns)/)
    }),
    { numRuns: 500 },
  )
})

test('property: any cells at all are judged, and what is refused says why', async () => {
  const cell = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.double(),
    fc.boolean(),
    fc.date({ noInvalidDate: false }),
    fc.constant(null),
  )
  const columns = new Map(officerColumns.map((column, i) => [column.name as string, i]))
  const map = { columns, headers: [], unknown: [], missing: [] }
  await fc.assert(
    fc.asyncProperty(fc.array(cell, { maxLength: 13 }), fc.constantFrom('xlsx' as const, 'csv' as const), async (cells, kind) => {
      const known = { get: () => ({ code: 'G09' as never, validTo: null, successor: null }), byOldCode: () => undefined }
      const { values, refused, findings } = readOfficerRow(cells, map, { kind, agencies: known, today: '2026-11-21' })
      const whole = ['personalNumber', 'fullName', 'birthDate', 'gender', 'agency', 'category'].every(name => Object.hasOwn(values, name))
      expect(refused || whole).toBe(true)
      if (refused) expect(findings.length).toBeGreaterThan(0)
      for (const value of Object.values(values)) {
        expect(value.isWellFormed() && value === value.normalize('NFC')).toBe(true)
        expect(value).not.toMatch(/[\p{Cc}]/u)
      }
    }),
    { numRuns: 1000 },
  )
})
