import { deflateSync } from 'node:zlib'

/** Drawing operators compressed for `/Filter/FlateDecode`; a small window, since setting up a large one takes longer than the work. */
export function deflated(operators: string): Uint8Array {
  return deflateSync(Buffer.from(operators, 'latin1'), { level: 2, windowBits: 12, memLevel: 6 })
}
