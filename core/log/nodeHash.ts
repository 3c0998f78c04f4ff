/** Hash of an inner node over two 32-byte children: SHA-256(0x01 ‖ left ‖ right); a promise exactly when `sha256` gives one. RFC 9162 2.1.1. */
export function nodeHash<R extends Uint8Array | Promise<Uint8Array>>(
  left: Uint8Array,
  right: Uint8Array,
  sha256: (bytes: Uint8Array) => R,
): R {
  const input = new Uint8Array(65)
  input[0] = 1
  input.set(left, 1)
  input.set(right, 33)
  return sha256(input)
}
