import { createCipheriv } from 'node:crypto'

/**
 * The order in which a list hands out its indices: a permutation of 0 to size - 1, drawn by Fisher and Yates from the AES-256-CTR
 * stream of `key` (32 bytes). It depends on nothing else, so position n is the same index in every process and for ever.
 */
export function indexOrder(key: Uint8Array, size: number): Uint32Array {
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  const zeros = Buffer.alloc(65_536)
  let block = stream.update(zeros)
  let at = 0
  const draw = (): number => {
    if (at === block.length) {
      block = stream.update(zeros)
      at = 0
    }
    at += 4
    return block.readUInt32LE(at - 4)
  }
  const order = new Uint32Array(size)
  for (let i = 0; i < size; i++) order[i] = i
  for (let i = size - 1; i > 0; i--) {
    const choices = i + 1
    // Draws past the last whole multiple are thrown away, so that no choice is likelier than another.
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % choices)
    let drawn = draw()
    while (drawn >= limit) drawn = draw()
    const j = drawn % choices
    const kept = order[i]!
    order[i] = order[j]!
    order[j] = kept
  }
  return order
}
