/** Rows of text, from a spreadsheet or a text file; dates of XLSX as the serial numbers that they are. */
export async function readSheet(file: File): Promise<string[][]> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  return bytes[0] === 0x50 && bytes[1] === 0x4b ? readXlsx(bytes) : parseRows(decodeText(bytes))
}

/** Rows of pasted or CSV text: tabs if the first line has one, else semicolons or commas; quotes as in RFC 4180. */
export function parseRows(text: string): string[][] {
  const firstLine = text.slice(0, text.search(/\r|\n|$/))
  const separator = firstLine.includes('\t') ? '\t' : firstLine.split(';').length > firstLine.split(',').length ? ';' : ','
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (quoted) {
      if (char !== '"') cell += char
      else if (text[i + 1] === '"') cell += text[++i]
      else quoted = false
    } else if (char === '"' && cell === '') quoted = true
    else if (char === separator || char === '\n' || char === '\r') {
      row.push(cell.trim())
      cell = ''
      if (char === separator) continue
      if (row.some(each => each !== '')) rows.push(row)
      row = []
    } else cell += char
  }
  row.push(cell.trim())
  if (row.some(each => each !== '')) rows.push(row)
  return rows
}

const maxRows = 5000

async function readXlsx(bytes: Uint8Array): Promise<string[][]> {
  const { unzipSync, strFromU8 } = await import('fflate')
  const wanted = /^xl\/(sharedStrings\.xml|worksheets\/sheet\d+\.xml)$/
  const files = unzipSync(bytes, { filter: file => wanted.test(file.name) && file.originalSize < 60_000_000 })
  const xml = (name: string) => (files[name] ? new DOMParser().parseFromString(strFromU8(files[name]), 'application/xml') : undefined)
  const shared = all(xml('xl/sharedStrings.xml'), 'si').map(textOf)
  const sheet = Object.keys(files)
    .filter(name => name.includes('/sheet'))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))[0]
  const rows: string[][] = []
  for (const element of all(sheet ? xml(sheet) : undefined, 'row').slice(0, maxRows)) {
    const row: string[] = []
    for (const cell of all(element, 'c')) {
      const column = columnOf(cell.getAttribute('r') ?? '') ?? row.length
      const value = all(cell, 'v')[0]?.textContent ?? ''
      const kind = cell.getAttribute('t')
      row[column] = (kind === 's' ? (shared[Number(value)] ?? '') : kind === 'inlineStr' ? textOf(cell) : value).trim()
    }
    const filled = Array.from(row, each => each ?? '')
    if (filled.some(each => each !== '')) rows.push(filled)
  }
  return rows
}

/** The elements of a name within, whatever prefix their namespace has: some programs write `x:row`. */
function all(within: Document | Element | undefined, name: string): Element[] {
  return [...(within?.getElementsByTagNameNS('*', name) ?? [])]
}

/** Text of all runs but the phonetic ones. */
function textOf(element: Element): string {
  return all(element, 't')
    .filter(each => each.parentElement?.localName !== 'rPh')
    .map(each => each.textContent ?? '')
    .join('')
}

/** 'AB12' -> 27. */
function columnOf(reference: string): number | undefined {
  const letters = /^([A-Z]{1,3})\d+$/.exec(reference)?.[1]
  if (letters === undefined) return undefined
  return [...letters].reduce((number, letter) => number * 26 + letter.charCodeAt(0) - 64, 0) - 1
}

function decodeText(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1258').decode(bytes).normalize('NFC')
  }
}
