/** Statuses of formats 3. `suspended` may end; `invalid` is final; `neverIssued` is what every index starts with. */
export const status = { valid: 0, invalid: 1, suspended: 2, neverIssued: 3 } as const

/** Entries of one list. */
export const statusListSize = 131_072

/** The status bytes of a list of so many entries, two bits each, every entry 3 (never issued). */
export function newStatusBits(size: number = statusListSize): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Math.ceil(size / 4)).fill(0xff)
}

/** The status at `idx`, least significant bits first; undefined when the list has no such index. `width` is 1, 2, 4 or 8 bits. draft-ietf-oauth-status-list 4.1. */
export function getStatus(bits: Uint8Array, idx: number, width = 2): number | undefined {
  const perByte = 8 / width
  const byte = Number.isSafeInteger(idx) && idx >= 0 ? bits[Math.floor(idx / perByte)] : undefined
  return byte === undefined ? undefined : (byte >> ((idx % perByte) * width)) & ((1 << width) - 1)
}

/** Sets the status at `idx` in place. Throws RangeError when the list has no such index or the value does not fit. */
export function setStatus(bits: Uint8Array, idx: number, value: number, width = 2): void {
  const perByte = 8 / width
  const at = Math.floor(idx / perByte)
  const mask = (1 << width) - 1
  if (!Number.isSafeInteger(idx) || idx < 0 || at >= bits.length || !Number.isInteger(value) || value < 0 || value > mask) {
    throw new RangeError(`no status ${value} at ${idx}`)
  }
  const shift = (idx % perByte) * width
  bits[at] = (bits[at]! & ~(mask << shift)) | (value << shift)
}
