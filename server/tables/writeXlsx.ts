import { Readable } from 'node:stream'
import { strToU8, Zip, ZipDeflate, ZipPassThrough } from 'fflate'
import { escapeFormula } from './escapeFormula.ts'

/** A cell to write: text is always text, never a formula; `fault` paints it red. */
export type SheetCell = string | number | Date | null | { text: string; fault: true }

export interface SheetToWrite {
  /** At most 31 characters; what a sheet's name may not hold is replaced. */
  name: string
  header: readonly string[]
  /** Column widths in characters. */
  widths?: readonly number[]
  rows: Iterable<readonly SheetCell[]> | AsyncIterable<readonly SheetCell[]>
}

/**
 * An XLSX workbook as a stream of bytes; memory holds one chunk of rows. Texts are inline strings that begin with an
 * apostrophe where they look like a formula (they survive being saved as CSV); dates are real date cells; the header is bold
 * and frozen. `sheets` may be made one by one.
 */
export function writeXlsx(sheets: Iterable<SheetToWrite> | AsyncIterable<SheetToWrite>): Readable {
  return Readable.from(chunks(sheets))
}

async function* chunks(sheets: Iterable<SheetToWrite> | AsyncIterable<SheetToWrite>): AsyncGenerator<Uint8Array> {
  let out: Uint8Array[] = []
  const zip = new Zip((error, chunk) => {
    if (error) throw error
    out.push(chunk)
  })
  const flush = function* (): Generator<Uint8Array> {
    const ready = out
    out = []
    yield* ready
  }
  const names: string[] = []
  for await (const sheet of sheets) {
    names.push(sheetName(sheet.name, names))
    const part = new ZipDeflate(`xl/worksheets/sheet${names.length}.xml`, { level: 6 })
    zip.add(part)
    part.push(strToU8(head(sheet)))
    let text = row(1, sheet.header, 1)
    let at = 1
    for await (const cells of sheet.rows) {
      text += row(++at, cells, 0)
      if (text.length < 65_536) continue
      part.push(strToU8(text))
      text = ''
      yield* flush()
    }
    part.push(strToU8(`${text}</sheetData></worksheet>`), true)
    yield* flush()
  }
  for (const [name, text] of fixedParts(names)) {
    const part = new ZipPassThrough(name)
    zip.add(part)
    part.push(strToU8(text), true)
  }
  zip.end()
  yield* flush()
}

const xml = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const packaged = 'http://schemas.openxmlformats.org/package/2006'

function head(sheet: SheetToWrite): string {
  const columns = (sheet.widths ?? []).map((width, i) => `<col min="${i + 1}" max="${i + 1}" width="${width}" customWidth="1"/>`).join('')
  return `${xml}<worksheet xmlns="${main}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>${columns && `<cols>${columns}</cols>`}<sheetData>`
}

// Styles by number: 0 plain, 1 header, 2 fault, 3 date.
function row(number: number, cells: readonly SheetCell[], style: 0 | 1): string {
  let out = `<row r="${number}">`
  for (const [i, cell] of cells.entries()) {
    const at = `r="${letters(i)}${number}"`
    if (cell === null || cell === '') out += style ? `<c ${at} s="${style}"/>` : ''
    else if (typeof cell === 'number') out += `<c ${at}><v>${cell}</v></c>`
    else if (cell instanceof Date) out += `<c ${at} s="3"><v>${cell.getTime() / 86_400_000 + 25_569}</v></c>`
    else {
      const text = typeof cell === 'string' ? cell : cell.text
      out += `<c ${at} s="${typeof cell === 'string' ? style : 2}" t="inlineStr"><is><t xml:space="preserve">${escapeXml(escapeFormula(text))}</t></is></c>`
    }
  }
  return `${out}</row>`
}

function letters(column: number): string {
  return (column >= 26 ? letters(Math.floor(column / 26) - 1) : '') + String.fromCharCode(65 + (column % 26))
}

function escapeXml(text: string): string {
  return text
    .slice(0, 32_767)
    .toWellFormed()
    .replace(/[^\P{Cc}\t\n\r]|[\ufffe\uffff]/gu, '\ufffd')
    .replace(/[&<>"]/g, character => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character]!)
}

function sheetName(wanted: string, taken: readonly string[]): string {
  const base =
    wanted
      .replace(/[\\/?*[\]:\p{Cc}]/gu, ' ')
      .replace(/^'+|'+$/g, '')
      .trim()
      .slice(0, 31) || 'Sheet'
  const used = new Set(taken.map(name => name.toLowerCase()))
  for (let i = 1; ; i++) {
    const name = i === 1 ? base : `${base.slice(0, 31 - String(i).length - 1)} ${i}`
    if (!used.has(name.toLowerCase())) return name
  }
}

function fixedParts(names: readonly string[]): [string, string][] {
  const numbers = names.map((_, i) => i + 1)
  const part = (path: string, type: string): string =>
    `<Override PartName="${path}" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.${type}+xml"/>`
  const relation = (id: number, type: string, target: string): string =>
    `<Relationship Id="rId${id}" Type="${office}/${type}" Target="${target}"/>`
  return [
    [
      '[Content_Types].xml',
      `${xml}<Types xmlns="${packaged}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>${part('/xl/workbook.xml', 'sheet.main')}${part('/xl/styles.xml', 'styles')}${numbers.map(n => part(`/xl/worksheets/sheet${n}.xml`, 'worksheet')).join('')}</Types>`,
    ],
    [
      '_rels/.rels',
      `${xml}<Relationships xmlns="${packaged}/relationships">${relation(1, 'officeDocument', 'xl/workbook.xml')}</Relationships>`,
    ],
    [
      'xl/workbook.xml',
      `${xml}<workbook xmlns="${main}" xmlns:r="${office}"><sheets>${numbers.map(n => `<sheet name="${escapeXml(names[n - 1]!)}" sheetId="${n}" r:id="rId${n}"/>`).join('')}</sheets></workbook>`,
    ],
    [
      'xl/_rels/workbook.xml.rels',
      `${xml}<Relationships xmlns="${packaged}/relationships">${numbers.map(n => relation(n, 'worksheet', `worksheets/sheet${n}.xml`)).join('')}${relation(names.length + 1, 'styles', 'styles.xml')}</Relationships>`,
    ],
    [
      'xl/styles.xml',
      `${xml}<styleSheet xmlns="${main}"><numFmts count="1"><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/></numFmts><fonts count="3"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><color rgb="FF9C0006"/><name val="Calibri"/></font></fonts><fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFFFC7CE"/></patternFill></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4"><xf numFmtId="49" applyNumberFormat="1"/><xf fontId="1" applyFont="1"/><xf numFmtId="49" fontId="2" fillId="2" applyNumberFormat="1" applyFont="1" applyFill="1"/><xf numFmtId="164" applyNumberFormat="1"/></cellXfs></styleSheet>`,
    ],
  ]
}
