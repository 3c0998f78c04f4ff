import { AppError } from '../errors.ts'
import { decodeStream } from './decodeStream.ts'
import { type PdfDict, PdfReader, PdfStream } from './pdfSyntax.ts'
import type { ReadingBudget } from './readingBudget.ts'

/** Where an object lies: at an offset of the file, or as the n-th in an object stream. */
export type XrefEntry = { offset: number } | { container: number; index: number }

const MAX_REVISIONS = 256
export const MAX_OBJECTS = 1_000_000

export interface XrefSections {
  trailer: PdfDict
  start: number
  usesStream: boolean
  entries: Map<number, XrefEntry>
}

/** Follows /Prev and /XRefStm from the newest section on; the first entry met for a number is the newest. */
export async function readXrefSections(bytes: Uint8Array, budget: ReadingBudget): Promise<XrefSections> {
  const start = lastStartXref(bytes)
  const entries = new Map<number, XrefEntry>()
  const freed = new Set<number>()
  const seen = new Set<number>()
  const queue = [start]
  let trailer: PdfDict | undefined
  let usesStream = false
  const put = (number: number, entry: XrefEntry | undefined) => {
    if (entries.has(number) || freed.has(number)) return
    if (entries.size + freed.size >= MAX_OBJECTS) throw new AppError('pdf.syntax', 'Too many objects')
    if (entry) entries.set(number, entry)
    else freed.add(number)
  }
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    if (seen.has(at) || seen.size >= MAX_REVISIONS) throw new AppError('pdf.syntax', 'Cross-references in a circle')
    seen.add(at)
    const reader = new PdfReader(bytes, at)
    const isTable = reader.take('xref')
    const dict = isTable ? readTable(reader, put) : await readXrefStream(bytes, at, budget, put)
    budget.parsed(reader.at - at)
    if (!trailer) {
      trailer = dict
      usesStream = !isTable
    }
    const hybrid = dict.get('XRefStm')
    const previous = dict.get('Prev')
    if (isTable && typeof hybrid === 'number') queue.push(hybrid)
    if (typeof previous === 'number') queue.push(previous)
  }
  return { trailer: trailer as PdfDict, start, usesStream, entries }
}

/** ISO 32000-2, 7.5.5: `startxref`, the offset, `%%EOF` in the last kilobyte. */
function lastStartXref(bytes: Uint8Array): number {
  const word = 'startxref'
  search: for (let at = bytes.length - word.length; at >= Math.max(0, bytes.length - 2048); at--) {
    for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word.charCodeAt(i)) continue search
    const offset = new PdfReader(bytes, at + word.length).takeInteger()
    if (offset !== undefined && offset < bytes.length) return offset
    break
  }
  throw new AppError('pdf.syntax', 'No startxref')
}

function readTable(reader: PdfReader, put: (number: number, entry: XrefEntry | undefined) => void): PdfDict {
  for (;;) {
    if (reader.take('trailer')) {
      const dict = reader.value()
      if (dict instanceof Map) return dict
      throw new AppError('pdf.syntax', 'No trailer')
    }
    const first = reader.takeInteger()
    const count = reader.takeInteger()
    if (first === undefined || count === undefined || count > MAX_OBJECTS)
      throw new AppError('pdf.syntax', 'A damaged cross-reference table')
    for (let i = 0; i < count; i++) {
      const offset = reader.takeInteger()
      const generation = reader.takeInteger()
      if (offset === undefined || generation === undefined) throw new AppError('pdf.syntax', 'A damaged cross-reference table')
      if (reader.take('n')) put(first + i, { offset })
      else if (reader.take('f')) put(first + i, undefined)
      else throw new AppError('pdf.syntax', 'A damaged cross-reference table')
    }
  }
}

async function readXrefStream(
  bytes: Uint8Array,
  at: number,
  budget: ReadingBudget,
  put: (number: number, entry: XrefEntry | undefined) => void,
): Promise<PdfDict> {
  const { value: stream } = new PdfReader(bytes, at).indirect()
  if (!(stream instanceof PdfStream)) throw new AppError('pdf.syntax', 'No cross-reference where startxref points')
  const { dict } = stream
  const length = dict.get('Length')
  const widths = dict.get('W')
  const size = dict.get('Size')
  if (typeof length !== 'number' || typeof size !== 'number' || !Array.isArray(widths) || widths.length !== 3) {
    throw new AppError('pdf.syntax', 'A damaged cross-reference stream')
  }
  const raw = bytes.subarray(stream.start, stream.start + length)
  const data = await decodeStream(dict, raw, budget, async value => value ?? null)
  const [w0, w1, w2] = widths as [number, number, number]
  const isWidth = (width: number) => Number.isInteger(width) && width >= 0 && width <= 6
  if (![w0, w1, w2].every(isWidth) || w0 + w1 + w2 === 0) throw new AppError('pdf.syntax', 'A damaged cross-reference stream')
  const index = dict.get('Index')
  const ranges = Array.isArray(index) ? (index as number[]) : [0, size]
  let offset = 0
  const field = (width: number, absent: number) => {
    if (width === 0) return absent
    let value = 0
    for (let i = 0; i < width; i++) value = value * 256 + (data[offset++] ?? 0)
    return value
  }
  for (let i = 0; i + 1 < ranges.length; i += 2) {
    const [first, count] = [ranges[i] as number, ranges[i + 1] as number]
    for (let number = first; number < first + count && offset < data.length; number++) {
      const kind = field(w0, 1)
      const second = field(w1, 0)
      const third = field(w2, 0)
      put(number, kind === 1 ? { offset: second } : kind === 2 ? { container: second, index: third } : undefined)
    }
  }
  return dict
}
