import { AppError } from '../errors.ts'
import { compareBytes, equalBytes, fromUtf8 } from './bytes.ts'

/** What this dialect of CBOR holds: integers of a double, NFC text, byte strings, arrays, maps, false, true, null. */
export type CborValue = number | string | boolean | null | Uint8Array | readonly CborValue[] | ReadonlyMap<CborValue, CborValue>

const defaultMaxDepth = 8

/** Where an encoding grows; used again by the next, which begins at 0. */
let scratch = new Uint8Array(1024)
let at = 0
const textEncoder = new TextEncoder()

/**
 * Deterministic CBOR (RFC 8949 4.2.1): shortest heads, definite lengths, map keys in the order of their encoded bytes.
 * Throws `encoding.cbor` for what the dialect does not hold: floats, integers beyond 2^53 - 1, text that is not NFC,
 * duplicate keys, deeper nesting.
 */
export function encodeCbor(value: CborValue, maxDepth = defaultMaxDepth): Uint8Array<ArrayBuffer> {
  at = 0
  writeValue(value, maxDepth)
  return scratch.slice(0, at)
}

function writeValue(value: CborValue, depthLeft: number): void {
  if (typeof value === 'number') writeInteger(value)
  else if (typeof value === 'string') writeText(value)
  else if (typeof value === 'boolean') writeHead(7, value ? 21 : 20)
  else if (value === null) writeHead(7, 22)
  else if (value instanceof Uint8Array) {
    writeHead(2, value.length)
    writeRaw(value)
  } else if (depthLeft === 0) {
    throw new AppError('encoding.cbor', 'Nested too deep')
  } else if (Array.isArray(value)) {
    writeHead(4, value.length)
    for (const item of value) writeValue(item, depthLeft - 1)
  } else if (value instanceof Map) {
    writeMap(value, depthLeft - 1)
  } else {
    throw new AppError('encoding.cbor', 'A value that this dialect does not hold')
  }
}

/** The head of an item: major type 0..7 and its argument, in the shortest form. */
function writeHead(major: number, argument: number): void {
  makeRoom(9)
  const type = major << 5
  if (argument < 24) {
    scratch[at++] = type | argument
    return
  }
  const log = argument < 0x100 ? 0 : argument < 0x10000 ? 1 : argument < 0x100000000 ? 2 : 3
  scratch[at++] = type | (24 + log)
  const end = at + (1 << log)
  let rest = argument
  for (let i = end - 1; i >= at; i--) {
    scratch[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  at = end
}

function writeInteger(value: number): void {
  if (!Number.isSafeInteger(value)) throw new AppError('encoding.cbor', 'Not an integer of a double')
  if (value >= 0) writeHead(0, value)
  else writeHead(1, -1 - value)
}

function writeText(value: string): void {
  if (value !== value.normalize('NFC') || !value.isWellFormed()) throw new AppError('encoding.cbor', 'Text is not NFC')
  makeRoom(9 + 3 * value.length)
  // The head's length is known only after: the text goes past the longest head and moves back to the one written.
  const textAt = at + 9
  const { written } = textEncoder.encodeInto(value, scratch.subarray(textAt))
  writeHead(3, written)
  scratch.copyWithin(at, textAt, textAt + written)
  at += written
}

function writeMap(map: ReadonlyMap<CborValue, CborValue>, depthLeft: number): void {
  writeHead(5, map.size)
  const start = at
  let lastKey = -1
  for (const [key, item] of map) {
    const keyAt = at
    writeValue(key, depthLeft)
    if (lastKey >= 0 && !isBefore(lastKey, keyAt)) {
      at = start
      writeSorted(map, depthLeft)
      return
    }
    lastKey = keyAt
    writeValue(item, depthLeft)
  }
}

/** Whether the encoded key at `a` is less than the last one written, at `b`: encoded items are never prefixes of others. */
function isBefore(a: number, b: number): boolean {
  for (let i = 0; b + i < at; i++) {
    const difference = scratch[a + i]! - scratch[b + i]!
    if (difference !== 0) return difference < 0
  }
  return false
}

function writeSorted(map: ReadonlyMap<CborValue, CborValue>, depthLeft: number): void {
  const start = at
  const entries: { key: Uint8Array; item: CborValue }[] = []
  for (const [key, item] of map) {
    writeValue(key, depthLeft)
    entries.push({ key: scratch.slice(start, at), item })
    at = start
  }
  entries.sort((a, b) => compareBytes(a.key, b.key))
  entries.forEach(({ key, item }, i) => {
    if (i > 0 && equalBytes(entries[i - 1]!.key, key)) throw new AppError('encoding.cbor', 'A map key occurs twice')
    writeRaw(key)
    writeValue(item, depthLeft)
  })
}

function writeRaw(value: Uint8Array): void {
  makeRoom(value.length)
  scratch.set(value, at)
  at += value.length
}

function makeRoom(count: number): void {
  if (at + count <= scratch.length) return
  const grown = new Uint8Array(Math.max(scratch.length * 2, at + count))
  grown.set(scratch.subarray(0, at))
  scratch = grown
}

/**
 * The value of deterministic CBOR: maps are Map, byte strings are views of `bytes`. Throws `encoding.cbor` unless
 * `encodeCbor` of the answer gives the same bytes: so for tags, floats, indefinite lengths and nesting beyond `maxDepth`
 * (a top array or map is at depth 1); `encoding.utf8` for malformed text. Work is linear in the input.
 */
export function decodeCbor(bytes: Uint8Array, maxDepth = defaultMaxDepth): CborValue {
  const reader = new CborReader(bytes)
  const value = reader.value(maxDepth)
  reader.end()
  return value
}

class CborReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new AppError('encoding.cbor', 'Bytes after the end')
  }

  value(depthLeft: number): CborValue {
    const initial = this.#byte()
    const major = initial >> 5
    if (major >= 6) return simpleValue(initial)
    const argument = this.#argument(initial & 31)
    switch (major) {
      case 0:
        return argument
      case 1:
        if (argument === Number.MAX_SAFE_INTEGER) throw new AppError('encoding.cbor', 'An integer is too large')
        return -1 - argument
      case 2:
        return this.#slice(argument)
      case 3:
        return textOf(this.#slice(argument))
      case 4:
        return this.#array(argument, depthLeft)
      default:
        return this.#map(argument, depthLeft)
    }
  }

  #array(length: number, depthLeft: number): CborValue[] {
    this.#enter(length, depthLeft)
    const items: CborValue[] = []
    for (let i = 0; i < length; i++) items.push(this.value(depthLeft - 1))
    return items
  }

  #map(length: number, depthLeft: number): Map<CborValue, CborValue> {
    this.#enter(2 * length, depthLeft)
    const map = new Map<CborValue, CborValue>()
    let lastKey: Uint8Array | null = null
    for (let i = 0; i < length; i++) {
      const start = this.#at
      const key = this.value(depthLeft - 1)
      const encodedKey = this.#bytes.subarray(start, this.#at)
      if (lastKey !== null && compareBytes(lastKey, encodedKey) >= 0) throw new AppError('encoding.cbor', 'Map keys out of order, or twice')
      lastKey = encodedKey
      map.set(key, this.value(depthLeft - 1))
    }
    return map
  }

  /** Every item takes at least one byte, so a length beyond the rest of the input is refused before any work. */
  #enter(items: number, depthLeft: number): void {
    if (depthLeft === 0) throw new AppError('encoding.cbor', 'Nested too deep')
    if (items > this.#bytes.length - this.#at) throw new AppError('encoding.cbor', 'Cut off')
  }

  #argument(info: number): number {
    if (info < 24) return info
    if (info > 27) throw new AppError('encoding.cbor', 'An indefinite length or a reserved head')
    const count = 1 << (info - 24)
    let value = 0
    for (let i = 0; i < count; i++) value = value * 256 + this.#byte()
    if (!Number.isSafeInteger(value)) throw new AppError('encoding.cbor', 'An integer is too large')
    if (value < (count === 1 ? 24 : 256 ** (count / 2))) throw new AppError('encoding.cbor', 'A head is not in its shortest form')
    return value
  }

  #slice(length: number): Uint8Array {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new AppError('encoding.cbor', 'Cut off')
    const slice = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return slice
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++]
    if (byte === undefined) throw new AppError('encoding.cbor', 'Cut off')
    return byte
  }
}

function simpleValue(initial: number): boolean | null {
  if (initial === 0xf4) return false
  if (initial === 0xf5) return true
  if (initial === 0xf6) return null
  throw new AppError('encoding.cbor', 'A tag, a float or another simple value')
}

function textOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    if (byte >= 0x80) {
      const decoded = fromUtf8(bytes)
      if (decoded !== decoded.normalize('NFC')) throw new AppError('encoding.cbor', 'Text is not NFC')
      return decoded
    }
    text += String.fromCharCode(byte)
  }
  return text
}
