import { AppError } from '../../core/errors.ts'
import type { Cell, TableRow } from './cell.ts'
import { RowGuard } from './rowGuard.ts'
import type { TableLimits } from './tableLimits.ts'
import { xmlEvents } from './xmlEvents.ts'
import { openZipArchive, type ZipArchive } from './zipArchive.ts'

/**
 * The rows with content of every sheet of an XLSX workbook, in workbook order, streamed: memory holds the shared strings and
 * one chunk of rows. Formulas give their stored result; number cells with a date format give dates.
 * ECMA-376 part 1, 18.3 (sheet), 18.4 (shared strings), 18.8.30 (number formats).
 * @throws table.* for anything that is not a workbook within the limits
 */
export async function* readXlsx(file: Buffer, limits: TableLimits): AsyncGenerator<TableRow> {
  const zip = await openZipArchive(file, limits)
  try {
    const workbook = await readWorkbook(zip, limits)
    if (workbook.sheets.length === 0) throw new AppError('table.sheet')
    const strings = await readSharedStrings(zip, workbook.strings, limits)
    const isDate = await readDateStyles(zip, workbook.styles)
    const guard = new RowGuard(limits)
    for (const sheet of workbook.sheets) yield* readSheet(zip, sheet, { strings, isDate, date1904: workbook.date1904, guard })
  } finally {
    zip.close()
  }
}

interface Sheet {
  name: string
  path: string
  hidden: boolean
}

interface Workbook {
  sheets: Sheet[]
  strings: string
  styles: string
  date1904: boolean
}

async function readWorkbook(zip: ZipArchive, limits: TableLimits): Promise<Workbook> {
  const root = await relations(zip, '_rels/.rels', '')
  const path = [...root.values()].find(rel => rel.type.endsWith('/officeDocument'))?.target ?? 'xl/workbook.xml'
  if (!zip.entries.has(path)) throw new AppError('table.kind')
  const folder = path.slice(0, path.lastIndexOf('/') + 1)
  const rels = await relations(zip, `${folder}_rels/${path.slice(folder.length)}.rels`, folder)
  const workbook: Workbook = { sheets: [], strings: '', styles: '', date1904: false }
  for (const rel of rels.values()) {
    if (rel.type.endsWith('/sharedStrings')) workbook.strings = rel.target
    if (rel.type.endsWith('/styles')) workbook.styles = rel.target
  }
  await parse(zip, path, {
    open(name, attributes) {
      if (name === 'workbookPr') workbook.date1904 = /^(1|true)$/.test(attributes.date1904 ?? '')
      if (name !== 'sheet') return
      const id = Object.entries(attributes).find(([key]) => key.endsWith(':id'))?.[1] ?? ''
      const rel = rels.get(id)
      if (rel?.type.endsWith('/worksheet'))
        workbook.sheets.push({ name: attributes.name ?? '', path: rel.target, hidden: /^(h|veryH)idden$/.test(attributes.state ?? '') })
      if (workbook.sheets.length > limits.sheets) throw new AppError('table.sheet', `More than ${limits.sheets} sheets`)
    },
  })
  return workbook
}

async function relations(zip: ZipArchive, path: string, folder: string): Promise<Map<string, { type: string; target: string }>> {
  const found = new Map<string, { type: string; target: string }>()
  if (!zip.entries.has(path)) return found
  await parse(zip, path, {
    open(name, { Id, Type, Target, TargetMode }) {
      if (found.size > 10_000) throw new AppError('table.xml', 'Too many relations')
      if (name !== 'Relationship' || !Id || !Target || TargetMode === 'External') return
      found.set(Id, { type: Type ?? '', target: Target.startsWith('/') ? Target.slice(1) : folder + Target.replace(/^\.\//, '') })
    },
  })
  return found
}

async function readSharedStrings(zip: ZipArchive, path: string, limits: TableLimits): Promise<string[]> {
  const strings: string[] = []
  if (!zip.entries.has(path)) return strings
  let text = ''
  let inText = false
  let inPhonetic = false
  let total = 0
  const bound = (): void => {
    if (total > limits.sharedChars) throw new AppError('table.too-large', 'The texts of the workbook are too long together')
  }
  await parse(zip, path, {
    open(name) {
      if (name === 'si') {
        text = ''
        total += 8 // an empty string takes its place too
      } else if (name === 't') inText = !inPhonetic
      else if (name === 'rPh') inPhonetic = true
      bound()
    },
    text(part) {
      if (!inText) return
      text += part
      total += part.length
      if (text.length > limits.cellChars) throw new AppError('table.cell-too-long')
      bound()
    },
    close(name) {
      if (name === 't') inText = false
      else if (name === 'rPh') inPhonetic = false
      else if (name === 'si') strings.push(unescapeText(text))
    },
  })
  return strings
}

// Excel's own bound is 65,490.
const mostStyles = 70_000

/** By cell style: whether its number format shows a date. */
async function readDateStyles(zip: ZipArchive, path: string): Promise<boolean[]> {
  const styles: boolean[] = []
  if (!zip.entries.has(path)) return styles
  const formats = new Map<number, boolean>()
  let inCellFormats = false
  await parse(zip, path, {
    open(name, attributes) {
      if (styles.length > mostStyles || formats.size > mostStyles) throw new AppError('table.xml', 'Too many styles')
      if (name === 'numFmt') formats.set(Number(attributes.numFmtId), showsDate(attributes.formatCode ?? ''))
      else if (name === 'cellXfs') inCellFormats = true
      else if (name === 'xf' && inCellFormats) {
        const id = Number(attributes.numFmtId ?? 0)
        styles.push(formats.get(id) ?? ((id >= 14 && id <= 17) || id === 22 || (id >= 27 && id <= 36) || (id >= 50 && id <= 58)))
      }
    },
    close(name) {
      if (name === 'cellXfs') inCellFormats = false
    },
  })
  return styles
}

function showsDate(format: string): boolean {
  const bare = format.replace(/"[^"]*"|\\.|_.|\*.|\[[^[\]]*\]/g, '').toLowerCase()
  return /[dy]/.test(bare) || (/m/.test(bare) && !/[hs]/.test(bare))
}

interface SheetContext {
  strings: readonly string[]
  isDate: readonly boolean[]
  date1904: boolean
  guard: RowGuard
}

async function* readSheet(zip: ZipArchive, sheet: Sheet, context: SheetContext): AsyncGenerator<TableRow> {
  const entry = zip.entries.get(sheet.path)
  if (!entry) return
  let ready: TableRow[] = []
  let row = 0
  let cells: Cell[] = []
  let column = -1
  let type = ''
  let style = 0
  let value = ''
  let collecting = false
  const events = xmlEvents(await entry.stream(), {
    open(name, attributes) {
      if (name === 'row') {
        row = Number(attributes.r) || row + 1
        cells = []
        column = -1
      } else if (name === 'c') {
        column = attributes.r ? columnOf(attributes.r) : column + 1
        type = attributes.t ?? 'n'
        style = Number(attributes.s ?? 0)
        value = ''
      } else if (name === 'v' || name === 't') collecting = true
      else if (name === 'rPh') type = 'phonetic'
    },
    text(part) {
      if (collecting && type !== 'phonetic') value = context.guard.append(value, part)
    },
    close(name) {
      if (name === 'v' || name === 't') collecting = false
      else if (name === 'rPh') type = 'inlineStr'
      else if (name === 'c') {
        const cell = cellOf(type, style, value, context)
        if (cell !== null) context.guard.place(cells, column, cell)
      } else if (name === 'row' && cells.length > 0) {
        context.guard.count()
        ready.push({ sheet: sheet.name, row, cells, ...(sheet.hidden ? { hidden: true } : {}) })
      }
    },
  })
  for await (const _ of events) {
    if (ready.length === 0) continue
    const rows = ready
    ready = []
    yield* rows
  }
}

function cellOf(type: string, style: number, value: string, { strings, isDate, date1904 }: SheetContext): Cell {
  if (type === 's') return strings[Number(value)] || null
  if (type === 'str' || type === 'inlineStr') return unescapeText(value) || null
  if (value === '') return null
  if (type === 'b') return value === '1' || value === 'true'
  if (type === 'd') return new Date(/[zZ]|[+-]\d\d:\d\d$/.test(value) ? value : `${value.slice(0, 10)}T00:00:00Z`)
  if (type === 'e') return value
  const number = Number(value)
  if (!Number.isFinite(number)) return value
  return isDate[style] ? serialDate(number, date1904) : number
}

/** The day of a serial number; day 60 of the 1900 system, 29 February 1900, never was. */
function serialDate(serial: number, date1904: boolean): Date {
  const days = date1904 ? serial + 1462 : serial < 60 ? serial + 1 : serial
  return new Date(Math.round((days - 25_569) * 86_400_000))
}

function columnOf(reference: string): number {
  let column = 0
  for (let i = 0; i < reference.length && i < 4; i++) {
    const letter = reference.charCodeAt(i) & 0xdf
    if (letter < 65 || letter > 90) break
    column = column * 26 + letter - 64
  }
  return column - 1
}

// ECMA-376 part 1, 22.9.2.19: characters that XML cannot hold are written _xHHHH_.
function unescapeText(text: string): string {
  return text.includes('_x')
    ? text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : text
}

async function parse(zip: ZipArchive, path: string, listener: Parameters<typeof xmlEvents>[1]): Promise<void> {
  const entry = zip.entries.get(path)
  if (!entry) throw new AppError('table.sheet', 'A part of the workbook is missing')
  for await (const _ of xmlEvents(await entry.stream(), listener));
}
