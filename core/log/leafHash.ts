/** Hash of one log entry: SHA-256(0x00 ‖ entry), 32 bytes; a promise exactly when `sha256` gives one. RFC 9162 2.1.1. */
export function leafHash<R extends Uint8Array | Promise<Uint8Array>>(entry: Uint8Array, sha256: (bytes: Uint8Array) => R): R {
  const input = new Uint8Array(entry.length + 1)
  input.set(entry, 1)
  return sha256(input)
}
