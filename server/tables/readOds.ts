import { AppError } from '../../core/errors.ts'
import type { Cell, TableRow } from './cell.ts'
import { RowGuard } from './rowGuard.ts'
import type { TableLimits } from './tableLimits.ts'
import { xmlEvents } from './xmlEvents.ts'
import { openZipArchive } from './zipArchive.ts'

/**
 * The rows with content of every sheet of an OpenDocument spreadsheet, streamed. Repeated cells are written out only where
 * they have content; a repeated row with content counts as often as it stands. OpenDocument 1.3 part 3, 9.1 and 19.385.
 * @throws table.*
 */
export async function* readOds(file: Buffer, limits: TableLimits): AsyncGenerator<TableRow> {
  const zip = await openZipArchive(file, limits)
  try {
    const entry = zip.entries.get('content.xml')
    if (!entry) throw new AppError('table.sheet')
    const guard = new RowGuard(limits)
    let ready: TableRow[] = []
    let sheets = 0
    let sheet = ''
    let style = ''
    let hidden: { hidden?: true } = {}
    const hiddenStyles = new Set<string>()
    let row = 0
    let rowRepeat = 1
    let cells: Cell[] = []
    let column = 0
    let cell: { type: string; value: string; repeat: number } | undefined
    let text = ''
    let paragraphs = 0
    let inParagraph = 0
    let inNote = 0
    const events = xmlEvents(await entry.stream(), {
      open(name, attributes) {
        if (name === 'table' && attributes['table:name'] !== undefined) {
          if (++sheets > limits.sheets) throw new AppError('table.sheet', `More than ${limits.sheets} sheets`)
          sheet = attributes['table:name']
          hidden = hiddenStyles.has(attributes['table:style-name'] ?? '') ? { hidden: true } : {}
          row = 0
        } else if (name === 'style') style = attributes['style:name'] ?? ''
        else if (name === 'table-properties') {
          if (attributes['table:display'] === 'false') hiddenStyles.add(style)
        } else if (name === 'table-row') {
          rowRepeat = repeated(attributes['table:number-rows-repeated'])
          cells = []
          column = 0
        } else if (name === 'table-cell' || name === 'covered-table-cell') {
          cell = {
            type: attributes['office:value-type'] ?? '',
            value: attributes['office:value'] ?? attributes['office:date-value'] ?? attributes['office:boolean-value'] ?? '',
            repeat: repeated(attributes['table:number-columns-repeated']),
          }
          text = ''
          paragraphs = 0
        } else if (name === 'annotation') inNote++
        else if (inNote > 0) return
        else if (name === 'p') {
          inParagraph++
          if (paragraphs++ > 0) text = guard.append(text, '\n')
        } else if (name === 's') text = guard.append(text, ' '.repeat(Math.min(repeated(attributes['text:c']), 1000)))
        else if (name === 'tab') text = guard.append(text, '\t')
        else if (name === 'line-break') text = guard.append(text, '\n')
      },
      text(part) {
        if (cell && inParagraph > 0 && inNote === 0) text = guard.append(text, part)
      },
      close(name) {
        if (name === 'annotation') inNote--
        else if (name === 'p' && inNote === 0) inParagraph--
        else if ((name === 'table-cell' || name === 'covered-table-cell') && cell) {
          const value = cellOf(cell.type, cell.value, text)
          if (value !== null) for (let i = 0; i < cell.repeat; i++) guard.place(cells, column + i, value)
          column += cell.repeat
          cell = undefined
        } else if (name === 'table-row') {
          if (cells.length > 0) {
            guard.count(rowRepeat)
            for (let i = 0; i < rowRepeat; i++) ready.push({ sheet, row: row + 1 + i, cells, ...hidden })
          }
          row += rowRepeat
        }
      },
    })
    for await (const _ of events) {
      if (ready.length === 0) continue
      const rows = ready
      ready = []
      yield* rows
    }
    if (sheets === 0) throw new AppError('table.sheet')
  } finally {
    zip.close()
  }
}

function repeated(attribute: string | undefined): number {
  const count = Number(attribute ?? 1)
  return Number.isSafeInteger(count) && count > 0 ? count : 1
}

function cellOf(type: string, value: string, text: string): Cell {
  if (type === 'float' || type === 'percentage' || type === 'currency') return Number.isFinite(Number(value)) ? Number(value) : text || null
  if (type === 'date') return new Date(`${value.slice(0, 10)}T00:00:00Z`)
  if (type === 'boolean') return value === 'true'
  return text || null
}
