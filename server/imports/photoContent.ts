import type { FieldCipher } from '../keys/fieldCipher.ts'

/** The file of a photo; pixels are absent when it was refused. */
export interface PhotoName {
  name: string
  width?: number
  height?: number
}

/** Seals both pictures in one value: length of shown (4 bytes, big-endian), shown, printed. */
export function sealPhoto(cipher: FieldCipher, photo: { shown: Buffer; printed: Buffer }): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(photo.shown.length)
  return cipher.seal(Buffer.concat([length, photo.shown, photo.printed]))
}

/** Throws `cipher.open`. */
export function openPhoto(cipher: FieldCipher, sealed: Uint8Array): { shown: Buffer; printed: Buffer } {
  const plain = cipher.open(sealed)
  const end = 4 + plain.readUInt32BE()
  return { shown: plain.subarray(4, end), printed: plain.subarray(end) }
}

export function sealPhotoName(cipher: FieldCipher, name: PhotoName): Buffer {
  return cipher.seal(JSON.stringify(name))
}

/** Throws `cipher.open`. */
export function openPhotoName(cipher: FieldCipher, sealed: Uint8Array): PhotoName {
  return JSON.parse(cipher.open(sealed).toString('utf8')) as PhotoName
}
