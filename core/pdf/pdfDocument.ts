import { AppError } from '../errors.ts'
import { decodeStream } from './decodeStream.ts'
import { type PdfDict, PdfReader, PdfRef, PdfStream, type PdfValue } from './pdfSyntax.ts'
import { ReadingBudget } from './readingBudget.ts'
import { MAX_OBJECTS, readXrefSections, type XrefEntry, type XrefSections } from './xrefSections.ts'

const MAX_CONTAINERS = 4096

/** An object stream: its bytes, and where each object begins in them. */
interface Container {
  bytes: Uint8Array
  offsets: Map<number, number>
}

/**
 * A PDF as its newest cross-reference tells it (ISO 32000-2, 7.5): tables, streams and files with both. Nothing is repaired:
 * a file whose table does not lead to its objects is `pdf.syntax`. Encrypted files are not read.
 * The work is bounded by the file's length (`ReadingBudget`).
 */
export class PdfDocument {
  readonly bytes: Uint8Array
  readonly trailer: PdfDict
  /** Offset of the newest cross-reference section, as `startxref` gives it. */
  readonly startXref: number
  /** True when the newest section is a stream: an update has to be one too. */
  readonly usesXrefStream: boolean
  readonly #entries: Map<number, XrefEntry>
  readonly #values = new Map<number, PdfValue>()
  readonly #containers = new Map<number, Container>()
  readonly #budget: ReadingBudget

  private constructor(bytes: Uint8Array, sections: XrefSections, budget: ReadingBudget) {
    this.bytes = bytes
    this.#budget = budget
    this.trailer = sections.trailer
    this.startXref = sections.start
    this.usesXrefStream = sections.usesStream
    this.#entries = sections.entries
  }

  /** Throws `pdf.syntax`. */
  static async open(bytes: Uint8Array): Promise<PdfDocument> {
    const budget = new ReadingBudget(bytes.length)
    const document = new PdfDocument(bytes, await readXrefSections(bytes, budget), budget)
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

  /** The decoded bytes of a stream without filter or with FlateDecode alone. Throws `pdf.syntax`, also beyond `maxBytes`. */
  async decodedStream(stream: PdfStream, maxBytes?: number): Promise<Uint8Array> {
    return decodeStream(stream.dict, await this.rawStream(stream), this.#budget, value => this.resolve(value), maxBytes)
  }

  async #object(number: number): Promise<PdfValue> {
    const known = this.#values.get(number)
    if (known !== undefined) return known
    const entry = this.#entries.get(number)
    let value: PdfValue = null
    if (entry && 'offset' in entry) {
      const found = this.#indirect(entry.offset)
      if (found.number !== number) throw new AppError('pdf.syntax', `Object ${number} is not where the table says`)
      value = found.value
    } else if (entry) {
      const { bytes, offsets } = await this.#container(entry.container)
      const offset = offsets.get(number)
      if (offset !== undefined) value = this.#read(bytes, offset, reader => reader.value())
    }
    this.#values.set(number, value)
    return value
  }

  #indirect(offset: number) {
    return this.#read(this.bytes, offset, reader => reader.indirect())
  }

  /** Parses within the budget: what fails has cost as well, and nothing is begun when nothing is left. */
  #read<T>(bytes: Uint8Array, offset: number, parse: (reader: PdfReader) => T): T {
    this.#budget.parsed(0)
    const reader = new PdfReader(bytes, offset)
    try {
      return parse(reader)
    } finally {
      this.#budget.parsed(reader.at - offset)
    }
  }

  async #container(number: number): Promise<Container> {
    const known = this.#containers.get(number)
    if (known) return known
    const entry = this.#entries.get(number)
    if (!entry || !('offset' in entry) || this.#containers.size >= MAX_CONTAINERS)
      throw new AppError('pdf.syntax', 'An object stream is missing')
    const stream = this.#indirect(entry.offset).value
    if (!(stream instanceof PdfStream)) throw new AppError('pdf.syntax', 'An object stream is no stream')
    const container: Container = { bytes: new Uint8Array(0), offsets: new Map() }
    // Known before it is read: a container whose length lies in itself is not asked again.
    this.#containers.set(number, container)
    container.bytes = await this.decodedStream(stream)
    const count = stream.dict.get('N')
    const first = stream.dict.get('First')
    if (typeof count !== 'number' || typeof first !== 'number' || count > MAX_OBJECTS)
      throw new AppError('pdf.syntax', 'An object stream without counts')
    const head = new PdfReader(container.bytes)
    for (let i = 0; i < count; i++) {
      const inner = head.takeInteger()
      const offset = head.takeInteger()
      if (inner === undefined || offset === undefined) throw new AppError('pdf.syntax', 'An object stream without its table')
      container.offsets.set(inner, first + offset)
    }
    this.#budget.parsed(head.at)
    return container
  }
}
