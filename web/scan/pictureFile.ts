import type { Pixels } from '../../core/document/pixels.ts'

export type PictureFault = 'heic' | 'broken'
const maxSide = 4000

/** The pixels of a picture file, at most 4,000 a side; or why the browser cannot open it. */
export async function readPicture(file: Blob): Promise<Pixels | PictureFault> {
  const head = new Uint8Array(await file.slice(0, 16).arrayBuffer())
  const brand = String.fromCharCode(...head.subarray(4, 12))
  const url = URL.createObjectURL(file)
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const scale = Math.min(1, maxSide / Math.max(image.naturalWidth, image.naturalHeight))
    const width = Math.max(1, Math.round(image.naturalWidth * scale))
    const height = Math.max(1, Math.round(image.naturalHeight * scale))
    const canvas = document.createElement('canvas')
    canvas.width = width
    canvas.height = height
    const context = canvas.getContext('2d', { willReadFrequently: true })!
    context.fillStyle = '#fff' // a transparent picture's dark code must not lie on black
    context.fillRect(0, 0, width, height)
    context.drawImage(image, 0, 0, width, height)
    return context.getImageData(0, 0, width, height)
  } catch {
    return /^ftyp(heic|heix|hevc|mif1|msf1)/.test(brand) ? 'heic' : 'broken'
  } finally {
    URL.revokeObjectURL(url)
  }
}
