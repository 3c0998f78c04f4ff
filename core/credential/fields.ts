import type { CborValue } from '../encoding/strictCbor.ts'
import { AppError, type ErrorCode } from '../errors.ts'

/** Where a credential's status stands: the number of the list and the index in it. */
export interface StatusReference {
  readonly list: number
  readonly idx: number
}

const maxUint32 = 0xffffffff

/** Reads the fields of a card or diploma map; each method throws `code` when the field is not what it has to be. */
export class Fields {
  readonly #map: ReadonlyMap<CborValue, CborValue>
  readonly #code: ErrorCode

  constructor(value: CborValue | undefined, code: ErrorCode) {
    this.#code = code
    if (!(value instanceof Map)) throw this.broken('the map')
    this.#map = value
    for (const label of value.keys()) if (typeof label !== 'number' && typeof label !== 'string') throw this.broken('a label')
  }

  /** Whether any label is beyond 1..last: a field of a later version. */
  hasOthersThan(last: number): boolean {
    for (const label of this.#map.keys()) if (typeof label !== 'number' || label < 1 || label > last) return true
    return false
  }

  has(label: number): boolean {
    return this.#map.has(label)
  }

  text(label: number, maxLength = Number.POSITIVE_INFINITY): string {
    const value = this.#map.get(label)
    if (typeof value !== 'string' || value === '' || (maxLength < value.length && maxLength < [...value].length)) {
      throw this.broken(`field ${label}`)
    }
    return value
  }

  bytes(label: number, length: number): Uint8Array {
    const value = this.#map.get(label)
    if (!(value instanceof Uint8Array) || value.length !== length) throw this.broken(`field ${label}`)
    return value
  }

  uint(label: number): number {
    const value = this.#map.get(label)
    if (typeof value !== 'number' || value < 0) throw this.broken(`field ${label}`)
    return value
  }

  status(label: number): StatusReference {
    const value = this.#map.get(label)
    if (!Array.isArray(value) || value.length !== 2) throw this.broken(`field ${label}`)
    const [list, idx] = value as readonly CborValue[]
    if (!isUint32(list) || !isUint32(idx)) throw this.broken(`field ${label}`)
    return { list, idx }
  }

  broken(what: string): AppError {
    return new AppError(this.#code, `Missing, empty or malformed: ${what}`)
  }
}

function isUint32(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= maxUint32
}
