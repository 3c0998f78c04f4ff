import { AppError } from '../errors.ts'

/** A name object; `#xx` escapes are resolved. */
export class PdfName {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
/** An indirect reference. */
export class PdfRef {
  readonly number: number
  readonly generation: number
  constructor(number: number, generation: number) {
    this.number = number
    this.generation = generation
  }
}
/** A string object's bytes, and where its token stands in the file: signatures need both. */
export class PdfString {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly hex: boolean
  constructor(bytes: Uint8Array, start: number, end: number, hex: boolean) {
    this.bytes = bytes
    this.start = start
    this.end = end
    this.hex = hex
  }
}
export type PdfDict = Map<string, PdfValue>
/** A stream as it lies in the file: not decrypted, not decoded. */
export class PdfStream {
  readonly dict: PdfDict
  readonly start: number
  constructor(dict: PdfDict, start: number) {
    this.dict = dict
    this.start = start
  }
}
/** An operator or keyword where an object was expected; only content streams and damaged files have one. */
export class PdfKeyword {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
export type PdfValue = null | boolean | number | PdfName | PdfRef | PdfString | PdfValue[] | PdfDict | PdfStream | PdfKeyword

const MAX_DEPTH = 64

/** Reads PDF objects one after another from `at` (ISO 32000-2, 7.2 and 7.3). Throws `pdf.syntax`. */
export class PdfReader {
  readonly bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  skipSpace(): void {
    const { bytes } = this
    for (;;) {
      const byte = bytes[this.at]
      if (byte === 0x25) while (this.at < bytes.length && bytes[this.at] !== 10 && bytes[this.at] !== 13) this.at++
      else if (byte !== undefined && isSpace(byte)) this.at++
      else return
    }
  }

  /** True, and past it, when `word` is next after white space. */
  take(word: string): boolean {
    this.skipSpace()
    for (let i = 0; i < word.length; i++) if (this.bytes[this.at + i] !== word.charCodeAt(i)) return false
    this.at += word.length
    return true
  }

  /** A whole number without sign, or undefined; the position is then unchanged. */
  takeInteger(): number | undefined {
    this.skipSpace()
    let value = 0
    let at = this.at
    for (; isDigit(this.bytes[at]); at++) {
      value = value * 10 + (this.bytes[at] as number) - 48
      if (value > 0xffffffffff) return undefined
    }
    if (at === this.at) return undefined
    this.at = at
    return value
  }

  value(depth = 0): PdfValue {
    if (depth > MAX_DEPTH) throw new AppError('pdf.syntax', 'Objects nested too deep')
    this.skipSpace()
    const { bytes } = this
    const byte = bytes[this.at]
    if (byte === undefined) throw new AppError('pdf.syntax', 'The file ends inside an object')
    if (byte === 0x2f) return this.#name()
    if (isDigit(byte)) {
      const before = this.at
      const number = this.takeInteger()
      if (number !== undefined && bytes[this.at] !== 0x2e) {
        const after = this.at
        if (isSpace(bytes[after])) {
          const generation = this.takeInteger()
          if (generation !== undefined && generation < 65536 && this.take('R') && !isRegular(bytes[this.at]))
            return new PdfRef(number, generation)
        }
        this.at = after
        return number
      }
      this.at = before
      return this.#number()
    }
    if (byte === 0x2b || byte === 0x2d || byte === 0x2e) return this.#number()
    if (byte === 0x28) return this.#literal()
    if (byte === 0x5b) {
      this.at++
      const items: PdfValue[] = []
      for (;;) {
        if (this.take(']')) return items
        items.push(this.value(depth + 1))
      }
    }
    if (byte === 0x3c) return bytes[this.at + 1] === 0x3c ? this.#dict(depth) : this.#hex()
    const start = this.at
    while (isRegular(bytes[this.at])) this.at++
    if (this.at === start) throw new AppError('pdf.syntax', `Unexpected byte at ${start}`)
    const word = latin1(bytes.subarray(start, this.at))
    if (word === 'true') return true
    if (word === 'false') return false
    if (word === 'null') return null
    return new PdfKeyword(word)
  }

  /** The object after `N G obj`; at = its first byte. */
  indirect(): { number: number; generation: number; value: PdfValue } {
    const number = this.takeInteger()
    const generation = this.takeInteger()
    if (number === undefined || generation === undefined || !this.take('obj')) throw new AppError('pdf.syntax', `No object at ${this.at}`)
    const value = this.value()
    if (value instanceof Map && this.take('stream')) {
      if (this.bytes[this.at] === 13) this.at++
      if (this.bytes[this.at] === 10) this.at++
      return { number, generation, value: new PdfStream(value, this.at) }
    }
    return { number, generation, value }
  }

  #dict(depth: number): PdfDict {
    this.at += 2
    const dict: PdfDict = new Map()
    for (;;) {
      if (this.take('>>')) return dict
      const key = this.value(depth + 1)
      if (!(key instanceof PdfName)) throw new AppError('pdf.syntax', 'A dictionary key is not a name')
      dict.set(key.text, this.value(depth + 1))
    }
  }

  #name(): PdfName {
    const { bytes } = this
    const start = ++this.at
    let escaped = false
    while (isRegular(bytes[this.at])) {
      if (bytes[this.at] === 0x23) escaped = true
      this.at++
    }
    const text = latin1(bytes.subarray(start, this.at))
    return new PdfName(escaped ? text.replace(/#([0-9a-fA-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))) : text)
  }

  #number(): number {
    const start = this.at
    while (isRegular(this.bytes[this.at])) this.at++
    const value = Number(latin1(this.bytes.subarray(start, this.at)))
    if (!Number.isFinite(value)) throw new AppError('pdf.syntax', `No number at ${start}`)
    return value
  }

  #literal(): PdfString {
    const { bytes } = this
    const start = this.at++
    const out: number[] = []
    let open = 1
    for (;;) {
      const byte = bytes[this.at++]
      if (byte === undefined) throw new AppError('pdf.syntax', 'The file ends inside a string')
      if (byte === 0x28) open++
      if (byte === 0x29 && --open === 0) return new PdfString(Uint8Array.from(out), start, this.at, false)
      if (byte !== 0x5c) {
        out.push(byte)
        continue
      }
      const escaped = bytes[this.at++] ?? 0
      const plain = literalEscapes[String.fromCharCode(escaped)]
      if (plain !== undefined) out.push(plain)
      else if (escaped >= 0x30 && escaped <= 0x37) {
        let code = escaped - 0x30
        for (let i = 0; i < 2 && isDigit(bytes[this.at]); i++) code = code * 8 + (bytes[this.at++] as number) - 0x30
        out.push(code & 255)
      } else if (escaped === 13) {
        if (bytes[this.at] === 10) this.at++
      } else if (escaped !== 10) out.push(escaped)
    }
  }

  #hex(): PdfString {
    const { bytes } = this
    const start = this.at++
    const out: number[] = []
    let high = -1
    for (;;) {
      const byte = bytes[this.at++]
      if (byte === undefined) throw new AppError('pdf.syntax', 'The file ends inside a string')
      if (byte === 0x3e) break
      if (isSpace(byte)) continue
      const digit = hexDigit(byte)
      if (digit < 0) throw new AppError('pdf.syntax', `Not a hexadecimal digit at ${this.at - 1}`)
      if (high < 0) high = digit
      else {
        out.push(high * 16 + digit)
        high = -1
      }
    }
    if (high >= 0) out.push(high * 16)
    return new PdfString(Uint8Array.from(out), start, this.at, true)
  }
}

const literalEscapes: Record<string, number> = { n: 10, r: 13, t: 9, b: 8, f: 12, '(': 0x28, ')': 0x29, '\\': 0x5c }

const isSpace = (byte: number | undefined) => byte === 32 || byte === 10 || byte === 13 || byte === 9 || byte === 12 || byte === 0
const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 48 && byte <= 57
const isDelimiter = (byte: number) =>
  byte === 0x28 ||
  byte === 0x29 ||
  byte === 0x3c ||
  byte === 0x3e ||
  byte === 0x5b ||
  byte === 0x5d ||
  byte === 0x7b ||
  byte === 0x7d ||
  byte === 0x2f ||
  byte === 0x25
const isRegular = (byte: number | undefined) => byte !== undefined && !isSpace(byte) && !isDelimiter(byte)
const hexDigit = (byte: number) =>
  byte >= 48 && byte <= 57 ? byte - 48 : byte >= 65 && byte <= 70 ? byte - 55 : byte >= 97 && byte <= 102 ? byte - 87 : -1

/** Bytes as characters of the same code. */
export function latin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
