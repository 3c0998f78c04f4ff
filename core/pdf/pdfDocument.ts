import { AppError } from '../errors.ts'
import { inflateStream } from './inflateStream.ts'
import { type PdfDict, PdfName, PdfReader, PdfRef, PdfStream, type PdfValue } from './pdfSyntax.ts'

/** Where an object lies: at an offset of the file, or as the n-th in an object stream. */
type Entry = { offset: number } | { container: number; index: number }

const MAX_REVISIONS = 256
const MAX_OBJECTS = 1_000_000
const MAX_CONTAINERS = 4096

/**
 * A PDF as its newest cross-reference tells it (ISO 32000-2, 7.5): tables, streams and files with both. Nothing is repaired:
 * a file whose table does not lead to its objects is `pdf.syntax`. Encrypted files are not read.
 */
export class PdfDocument {
  readonly bytes: Uint8Array
  readonly trailer: PdfDict
  /** Offset of the newest cross-reference section, as `startxref` gives it. */
  readonly startXref: number
  /** True when the newest section is a stream: an update has to be one too. */
  readonly usesXrefStream: boolean
  readonly #entries: Map<number, Entry>
  readonly #values = new Map<number, PdfValue>()
  readonly #containers = new Map<number, Map<number, PdfValue>>()

  private constructor(bytes: Uint8Array, sections: Sections) {
    this.bytes = bytes
    this.trailer = sections.trailer
    this.startXref = sections.start
    this.usesXrefStream = sections.usesStream
    this.#entries = sections.entries
  }

  /** Throws `pdf.syntax`. */
  static async open(bytes: Uint8Array): Promise<PdfDocument> {
    const document = new PdfDocument(bytes, await readSections(bytes))
    if (document.trailer.has('Encrypt')) throw new AppError('pdf.syntax', 'The file is encrypted')
    return document
  }

  /** The first object number that is free for an update. */
  get size(): number {
    const declared = this.trailer.get('Size')
    let size = typeof declared === 'number' ? declared : 1
    for (const number of this.#entries.keys()) if (number >= size) size = number + 1
    return size
  }

  /** The value itself, or what a reference leads to; null for a dangling one. */
  async resolve(value: PdfValue | undefined): Promise<PdfValue> {
    for (let hops = 0; value instanceof PdfRef; hops++) {
      if (hops > 16) throw new AppError('pdf.syntax', 'References in a circle')
      value = await this.#object(value.number)
    }
    return value ?? null
  }

  async dict(value: PdfValue | undefined): Promise<PdfDict | undefined> {
    const found = await this.resolve(value)
    return found instanceof Map ? found : found instanceof PdfStream ? found.dict : undefined
  }

  async array(value: PdfValue | undefined): Promise<PdfValue[] | undefined> {
    const found = await this.resolve(value)
    return Array.isArray(found) ? found : undefined
  }

  /** The bytes of a stream as they lie in the file. */
  async rawStream(stream: PdfStream): Promise<Uint8Array> {
    const length = await this.resolve(stream.dict.get('Length'))
    if (typeof length !== 'number' || length < 0 || stream.start + length > this.bytes.length)
      throw new AppError('pdf.syntax', 'A stream without length')
    return this.bytes.subarray(stream.start, stream.start + length)
  }

  /** The decoded bytes of a stream without filter or with FlateDecode alone. Throws `pdf.syntax`. */
  async decodedStream(stream: PdfStream): Promise<Uint8Array> {
    const raw = await this.rawStream(stream)
    const filters = await filterNames(stream.dict, value => this.resolve(value))
    if (filters.length === 0) return raw
    if (filters.length > 1 || filters[0] !== 'FlateDecode') throw new AppError('pdf.syntax', `A stream with filter ${filters.join(' ')}`)
    return unpredict(await inflateStream(raw), await this.dict(stream.dict.get('DecodeParms')))
  }

  async #object(number: number): Promise<PdfValue> {
    const known = this.#values.get(number)
    if (known !== undefined) return known
    const entry = this.#entries.get(number)
    let value: PdfValue = null
    if (entry && 'offset' in entry) {
      const found = new PdfReader(this.bytes, entry.offset).indirect()
      if (found.number !== number) throw new AppError('pdf.syntax', `Object ${number} is not where the table says`)
      value = found.value
    } else if (entry) value = (await this.#container(entry.container)).get(number) ?? null
    this.#values.set(number, value)
    return value
  }

  async #container(number: number): Promise<Map<number, PdfValue>> {
    const known = this.#containers.get(number)
    if (known) return known
    const entry = this.#entries.get(number)
    if (!entry || !('offset' in entry) || this.#containers.size >= MAX_CONTAINERS)
      throw new AppError('pdf.syntax', 'An object stream is missing')
    const stream = new PdfReader(this.bytes, entry.offset).indirect().value
    if (!(stream instanceof PdfStream)) throw new AppError('pdf.syntax', 'An object stream is no stream')
    const objects = new Map<number, PdfValue>()
    this.#containers.set(number, objects)
    const bytes = await this.decodedStream(stream)
    const count = stream.dict.get('N')
    const first = stream.dict.get('First')
    if (typeof count !== 'number' || typeof first !== 'number' || count > MAX_OBJECTS)
      throw new AppError('pdf.syntax', 'An object stream without counts')
    const head = new PdfReader(bytes)
    for (let i = 0; i < count; i++) {
      const inner = head.takeInteger()
      const offset = head.takeInteger()
      if (inner === undefined || offset === undefined) throw new AppError('pdf.syntax', 'An object stream without its table')
      objects.set(inner, new PdfReader(bytes, first + offset).value())
    }
    return objects
  }
}

interface Sections {
  trailer: PdfDict
  start: number
  usesStream: boolean
  entries: Map<number, Entry>
}

/** Follows /Prev and /XRefStm from the newest section on; the first entry met for a number is the newest. */
async function readSections(bytes: Uint8Array): Promise<Sections> {
  const start = lastStartXref(bytes)
  const entries = new Map<number, Entry>()
  const freed = new Set<number>()
  const seen = new Set<number>()
  const queue = [start]
  let trailer: PdfDict | undefined
  let usesStream = false
  const put = (number: number, entry: Entry | undefined) => {
    if (entries.has(number) || freed.has(number)) return
    if (entries.size >= MAX_OBJECTS) throw new AppError('pdf.syntax', 'Too many objects')
    if (entry) entries.set(number, entry)
    else freed.add(number)
  }
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    if (seen.has(at) || seen.size >= MAX_REVISIONS) throw new AppError('pdf.syntax', 'Cross-references in a circle')
    seen.add(at)
    const reader = new PdfReader(bytes, at)
    const isTable = reader.take('xref')
    const dict = isTable ? readTable(reader, put) : await readXrefStream(bytes, at, put)
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

function readTable(reader: PdfReader, put: (number: number, entry: Entry | undefined) => void): PdfDict {
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

async function readXrefStream(bytes: Uint8Array, at: number, put: (number: number, entry: Entry | undefined) => void): Promise<PdfDict> {
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
  const filters = await filterNames(dict, async value => value ?? null)
  const parameters = dict.get('DecodeParms')
  const data = filters.length === 0 ? raw : unpredict(await inflateStream(raw), parameters instanceof Map ? parameters : undefined)
  const [w0, w1, w2] = widths as [number, number, number]
  if (![w0, w1, w2].every(width => Number.isInteger(width) && width >= 0 && width <= 6))
    throw new AppError('pdf.syntax', 'A damaged cross-reference stream')
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

async function filterNames(dict: PdfDict, resolve: (value: PdfValue | undefined) => Promise<PdfValue>): Promise<string[]> {
  const filter = await resolve(dict.get('Filter'))
  const list = Array.isArray(filter) ? filter : filter === null ? [] : [filter]
  return list.map(each => (each instanceof PdfName ? each.text : '?'))
}

/** Undoes the PNG predictors (ISO 32000-2, 7.4.4.4); 8 bits a component. */
function unpredict(data: Uint8Array, parameters: PdfDict | undefined): Uint8Array {
  const number = (key: string, absent: number) => {
    const value = parameters?.get(key)
    return typeof value === 'number' ? value : absent
  }
  if (number('Predictor', 1) < 10) {
    if (number('Predictor', 1) !== 1) throw new AppError('pdf.syntax', 'A predictor that is not read here')
    return data
  }
  const columns = number('Columns', 1) * number('Colors', 1)
  if (!Number.isInteger(columns) || columns < 1 || columns > 65536) throw new AppError('pdf.syntax', 'A damaged predictor')
  const rows = Math.floor(data.length / (columns + 1))
  const out = new Uint8Array(rows * columns)
  const bytesPerPixel = number('Colors', 1)
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
