import { createHash, type Hash } from 'node:crypto'

/** The beginning of a file, written once and reused: bytes, the offsets of its objects, and the digest so far. */
export interface PdfPrefix {
  bytes: Uint8Array
  offsets: readonly number[]
  hash: Hash
}

/**
 * Writes a PDF 1.7 file object by object (ISO 32000-1, 7.5) to `sink`, keeping only offsets: memory does not grow with the
 * file. What is written depends on the calls alone: the file's identifier is a digest of its bytes.
 */
export class PdfWriter {
  readonly #sink: (chunk: Uint8Array) => void
  readonly #offsets: number[]
  readonly #hash: Hash
  #at = 0

  constructor(sink: (chunk: Uint8Array) => void, prefix?: PdfPrefix) {
    this.#sink = sink
    this.#offsets = prefix ? [...prefix.offsets] : [0]
    this.#hash = prefix ? prefix.hash.copy() : createHash('sha256')
    if (prefix) {
      this.#at = prefix.bytes.length
      sink(prefix.bytes)
    } else this.#write('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n')
  }

  /** What `write` puts at the beginning of a file, for files that all begin alike. */
  static prefix<T>(write: (writer: PdfWriter) => T): { prefix: PdfPrefix; result: T } {
    const chunks: Uint8Array[] = []
    const writer = new PdfWriter(chunk => chunks.push(chunk))
    const result = write(writer)
    return { prefix: { bytes: new Uint8Array(Buffer.concat(chunks)), offsets: writer.#offsets, hash: writer.#hash }, result }
  }

  /** A number for an object that is written later. */
  reserve(): number {
    return this.#offsets.push(-1) - 1
  }

  /** Writes an object given as PDF syntax; returns its number. */
  object(text: string, number = this.reserve()): number {
    this.#begin(number)
    this.#write(`${text}\nendobj\n`)
    return number
  }

  /** Writes a stream; `dict` is the inside of its dictionary without /Length. */
  stream(dict: string, bytes: Uint8Array, number = this.reserve()): number {
    this.#begin(number)
    this.#write(`<<${dict}/Length ${bytes.length}>>\nstream\n`)
    this.#write(bytes)
    this.#write('\nendstream\nendobj\n')
    return number
  }

  end(root: number, info: number): void {
    const start = this.#at
    let table = `xref\n0 ${this.#offsets.length}\n0000000000 65535 f \n`
    for (const offset of this.#offsets.slice(1)) {
      if (offset < 0) throw new Error('An object was promised and never written')
      table += `${String(offset).padStart(10, '0')} 00000 n \n`
    }
    this.#write(table)
    const id = this.#hash.copy().digest('hex').slice(0, 32)
    this.#write(
      `trailer\n<</Size ${this.#offsets.length}/Root ${root} 0 R/Info ${info} 0 R/ID[<${id}><${id}>]>>\nstartxref\n${start}\n%%EOF\n`,
    )
  }

  #begin(number: number): void {
    this.#offsets[number] = this.#at
    this.#write(`${number} 0 obj\n`)
  }

  #write(data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data
    this.#hash.update(bytes)
    this.#at += bytes.length
    this.#sink(bytes)
  }
}
