import { escapeFormula } from './escapeFormula.ts'

/** CSV (RFC 4180) in UTF-8 with a byte order mark, so that Excel reads Vietnamese; formulas are escaped. Yields text in pieces. */
export async function* writeCsv(
  header: readonly string[],
  rows: Iterable<readonly (string | number | null)[]> | AsyncIterable<readonly (string | number | null)[]>,
): AsyncGenerator<string> {
  yield `\ufeff${line(header)}`
  for await (const row of rows) yield line(row)
}

function line(cells: readonly (string | number | null)[]): string {
  return `${cells.map(field).join(',')}\r\n`
}

function field(cell: string | number | null): string {
  const text = typeof cell === 'string' ? escapeFormula(cell) : String(cell ?? '')
  return /[",\r\n;\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
