import { AppError } from '../../core/errors.ts'
import type { TableKind, TableRow } from './cell.ts'
import { readCsv } from './readCsv.ts'
import { readOds } from './readOds.ts'
import { readXlsx } from './readXlsx.ts'
import { type TableLimits, tableLimits } from './tableLimits.ts'

/** A table of whatever kind, told by its bytes and not by its name; `rows` streams every row with content of every sheet. */
export interface Table {
  kind: TableKind
  rows: AsyncGenerator<TableRow>
}

/** Opens a spreadsheet held in memory. Throws `table.*`, at once for the kind, while reading for the rest. */
export function readTable(file: Buffer, limits: TableLimits = tableLimits): Table {
  if (file.length > limits.fileBytes) throw new AppError('table.too-large')
  const kind = tableKind(file)
  const read = { xlsx: readXlsx, ods: readOds, csv: readCsv }[kind]
  return { kind, rows: read(file, limits) }
}

function tableKind(file: Buffer): TableKind {
  if (file.length < 4) throw new AppError('table.kind', 'The file is empty')
  if (file.readUInt32BE(0) === 0xd0cf11e0) throw new AppError('table.locked')
  if (file.readUInt32BE(0) !== 0x504b0304) {
    if (/^(%PDF|\x89PNG|GIF8|\xff\xd8\xff|Rar!|7z\xbc\xaf|\{\\rtf|\s*<(!doctype|html|\?xml))/i.test(file.toString('latin1', 0, 64)))
      throw new AppError('table.kind')
    return 'csv'
  }
  // An OpenDocument package begins with its media type, stored unpacked (OpenDocument 1.3 part 2, 3.3).
  if (file.toString('latin1', 30, 200).startsWith('mimetypeapplication/vnd.oasis.opendocument')) return 'ods'
  return file.includes('content.xml') && !file.includes('[Content_Types].xml') ? 'ods' : 'xlsx'
}
