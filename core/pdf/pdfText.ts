import { toHex } from '../encoding/bytes.ts'
import { type PdfDict, PdfKeyword, PdfName, PdfRef, PdfStream, PdfString, type PdfValue } from './pdfSyntax.ts'

/** Returns PDF syntax for a value; references go through `renumber`. Streams are not values here: write them as objects. */
export function pdfText(value: PdfValue, renumber: (ref: PdfRef) => number): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return pdfNumber(value)
  if (value instanceof PdfName) return pdfName(value.text)
  if (value instanceof PdfRef) return `${renumber(value)} 0 R`
  if (value instanceof PdfString) return `<${toHex(value.bytes)}>`
  if (value instanceof PdfKeyword) return value.text
  if (value instanceof PdfStream) throw new Error('A stream stands alone')
  if (Array.isArray(value)) return `[${value.map(item => pdfText(item, renumber)).join(' ')}]`
  return `<<${pdfEntries(value, renumber)}>>`
}

/** The inside of a dictionary, without `omit`. */
export function pdfEntries(dict: PdfDict, renumber: (ref: PdfRef) => number, omit: readonly string[] = []): string {
  let text = ''
  for (const [key, value] of dict) if (!omit.includes(key)) text += `${pdfName(key)} ${pdfText(value, renumber)}`
  return text
}

/** A text string: UTF-16 with its mark, in hexadecimal. */
export function pdfString(text: string): string {
  let hex = 'feff'
  for (let i = 0; i < text.length; i++) hex += text.charCodeAt(i).toString(16).padStart(4, '0')
  return `<${hex}>`
}

/** At most 4 decimals, never an exponent. */
export function pdfNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Math.round(value * 1e4) / 1e4)
}

function pdfName(text: string): string {
  return `/${text.replace(/[^!-~]|[#()<>[\]{}/%]/g, c => `#${c.charCodeAt(0).toString(16).padStart(2, '0')}`)}`
}
