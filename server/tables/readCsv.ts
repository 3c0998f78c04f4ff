import { parse } from 'csv-parse'
import { AppError } from '../../core/errors.ts'
import type { TableRow } from './cell.ts'
import { decodeText } from './decodeText.ts'
import { RowGuard } from './rowGuard.ts'
import type { TableLimits } from './tableLimits.ts'

const delimiters = [',', ';', '\t', '|'] as const

/**
 * The records with content of a CSV in UTF-8, UTF-16 or Windows-1258; the delimiter is the one that its first lines hold
 * most evenly, or what Excel's `sep=` line says. `row` is the record's number, as a spreadsheet program shows it.
 * @throws table.csv, table.encoding, table.too-many-rows, table.too-many-columns, table.cell-too-long
 */
export async function* readCsv(file: Buffer, limits: TableLimits): AsyncGenerator<TableRow> {
  let text = decodeText(file)
  let skipped = 0
  const separator = /^sep=([,;\t|])\r?\n/i.exec(text)
  if (separator) {
    text = text.slice(separator[0].length)
    skipped = 1
  }
  const guard = new RowGuard(limits)
  const parser = parse({
    delimiter: separator?.[1] ?? delimiterOf(text),
    relax_column_count: true,
    skip_empty_lines: false,
    skip_records_with_empty_values: false,
    max_record_size: 1 << 20,
  })
  let goOn = (): void => undefined
  for (const event of ['drain', 'close']) parser.on(event, () => goOn())
  const feed = (async () => {
    for (let at = 0; at < text.length; at += 65_536) {
      if (parser.destroyed) return
      if (!parser.write(text.slice(at, at + 65_536)))
        await new Promise<void>(resolve => {
          goOn = resolve
        })
    }
    parser.end()
  })()
  let row = skipped
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      row++
      if (!record.some(field => field.trim() !== '')) continue
      guard.count()
      if (record.length > limits.columns && record.slice(limits.columns).some(Boolean)) throw new AppError('table.too-many-columns')
      for (const field of record) if (field.length > limits.cellChars) throw new AppError('table.cell-too-long')
      yield { sheet: '', row, cells: record.map(field => (field === '' ? null : field)) }
    }
    await feed
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('table.csv', `The CSV is malformed after row ${row}: a quote is not closed, or a line is too long`, { cause: error })
  } finally {
    parser.destroy()
  }
}

function delimiterOf(text: string): string {
  const lines = text.slice(0, 65_536).split(/\r?\n/, 20).filter(Boolean)
  let best: string = ','
  let bestScore = 0
  for (const delimiter of delimiters) {
    const counts = lines.map(line => countOutsideQuotes(line, delimiter))
    const most = Math.max(0, ...counts)
    const score = most * counts.filter(count => count === most).length
    if (score > bestScore) {
      best = delimiter
      bestScore = score
    }
  }
  return best
}

function countOutsideQuotes(line: string, delimiter: string): number {
  let count = 0
  let quoted = false
  for (const character of line) {
    if (character === '"') quoted = !quoted
    else if (character === delimiter && !quoted) count++
  }
  return count
}
