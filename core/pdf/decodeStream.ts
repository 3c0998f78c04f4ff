import { AppError } from '../errors.ts'
import { inflateStream, MAX_INFLATED } from './inflateStream.ts'
import { type PdfDict, PdfName, type PdfValue } from './pdfSyntax.ts'
import type { ReadingBudget } from './readingBudget.ts'

/** The most that a byte of deflate can become. */
const DEFLATE_RATIO = 1032

/**
 * The bytes of a stream without filter, or with FlateDecode alone and maybe a PNG predictor. `resolve` follows references of
 * the stream's dictionary. Throws `pdf.syntax`.
 */
export async function decodeStream(
  dict: PdfDict,
  raw: Uint8Array,
  budget: ReadingBudget,
  resolve: (value: PdfValue | undefined) => Promise<PdfValue>,
  maxBytes = MAX_INFLATED,
): Promise<Uint8Array> {
  const filter = await resolve(dict.get('Filter'))
  const filters = (Array.isArray(filter) ? filter : filter === null ? [] : [filter]).map(each =>
    each instanceof PdfName ? each.text : '?',
  )
  if (filters.length === 0) return raw
  if (filters.length > 1 || filters[0] !== 'FlateDecode') throw new AppError('pdf.syntax', `A stream with filter ${filters.join(' ')}`)
  let data: Uint8Array
  try {
    data = await inflateStream(raw, maxBytes)
  } catch (error) {
    // What fails has cost as well: no more than deflate can make of these bytes.
    budget.inflated(Math.min(maxBytes, raw.length * DEFLATE_RATIO))
    throw error
  }
  budget.inflated(data.length)
  const given = await resolve(dict.get('DecodeParms'))
  const parameters = Array.isArray(given) ? await resolve(given[0]) : given
  return unpredict(data, parameters instanceof Map ? parameters : undefined)
}

/** Undoes the PNG predictors (ISO 32000-2, 7.4.4.4). */
function unpredict(data: Uint8Array, parameters: PdfDict | undefined): Uint8Array {
  const number = (key: string, absent: number) => {
    const value = parameters?.get(key)
    return typeof value === 'number' ? value : absent
  }
  if (number('Predictor', 1) < 10) {
    if (number('Predictor', 1) !== 1) throw new AppError('pdf.syntax', 'A predictor that is not read here')
    return data
  }
  const bitsPerPixel = number('Colors', 1) * number('BitsPerComponent', 8)
  const columns = Math.ceil((number('Columns', 1) * bitsPerPixel) / 8)
  if (!Number.isInteger(columns) || columns < 1 || columns > 65536) throw new AppError('pdf.syntax', 'A damaged predictor')
  const rows = Math.floor(data.length / (columns + 1))
  const out = new Uint8Array(rows * columns)
  const bytesPerPixel = Math.max(1, bitsPerPixel >> 3)
  for (let row = 0; row < rows; row++) {
    const kind = data[row * (columns + 1)]
    for (let i = 0; i < columns; i++) {
      const at = row * columns + i
      const left = i >= bytesPerPixel ? out[at - bytesPerPixel]! : 0
      const up = row > 0 ? out[at - columns]! : 0
      const corner = row > 0 && i >= bytesPerPixel ? out[at - columns - bytesPerPixel]! : 0
      const guess = kind === 1 ? left : kind === 2 ? up : kind === 3 ? (left + up) >> 1 : kind === 4 ? paeth(left, up, corner) : 0
      out[at] = data[row * (columns + 1) + 1 + i]! + guess
    }
  }
  return out
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)]
  return a <= b && a <= c ? left : b <= c ? up : corner
}
