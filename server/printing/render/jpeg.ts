import { AppError } from '../../../core/errors.ts'

export interface JpegFrame {
  width: number
  height: number
  /** 1 grey, 3 colour; 4 (CMYK) is refused. */
  components: 1 | 3
}

/** Returns the frame of a JPEG with 8 bits a sample (ITU T.81 B.2.2). Throws `render.image`. */
export function jpegFrame(bytes: Uint8Array): JpegFrame {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new AppError('render.image', 'photo: not a JPEG')
  let at = 2
  while (at + 9 < bytes.length) {
    if (bytes[at] !== 0xff) break
    const marker = bytes[at + 1] as number
    if (marker === 0xff || (marker >= 0xd0 && marker <= 0xd7) || marker === 1) {
      at += marker === 0xff ? 1 : 2
      continue
    }
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
    if (isFrame) {
      const height = (bytes[at + 5]! << 8) | bytes[at + 6]!
      const width = (bytes[at + 7]! << 8) | bytes[at + 8]!
      const components = bytes[at + 9]
      if (bytes[at + 4] !== 8 || !width || !height || (components !== 1 && components !== 3)) break
      return { width, height, components }
    }
    if (length < 2) break
    at += 2 + length
  }
  throw new AppError('render.image', 'photo: not a JPEG with 8 bits a sample in grey or colour')
}
