import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate'

/**
 * The workbook with other texts in its red cells, as a person would type them; everything else stays as it is. `mend` gets the
 * header of the column and the text that stands there.
 */
export function mendWorkbook(workbook: Uint8Array, mend: (header: string, text: string) => string): Uint8Array {
  const parts = unzipSync(workbook)
  for (const [name, bytes] of Object.entries(parts)) {
    if (!name.startsWith('xl/worksheets/')) continue
    const sheet = strFromU8(bytes)
    const headers = new Map([...sheet.matchAll(/<c r="([A-Z]+)1"[^>]*><is><t[^>]*>([^<]*)/g)].map(([, column, text]) => [column!, text!]))
    const mended = sheet.replace(
      /(<c r="([A-Z]+)\d+" s="2"[^>]*><is><t[^>]*>)([^<]*)/g,
      (_cell, open: string, column: string, text: string) => open + escaped(mend(headers.get(column)!, plain(text))),
    )
    parts[name] = strToU8(mended)
  }
  return zipSync(parts)
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const plain = (text: string): string =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')
