import { AppError } from '../../../core/errors.ts'
import { requireGlyphs } from './fontCoverage.ts'
import { jpegFrame } from './jpeg.ts'
import type { Template } from './template.ts'
import { textFields } from './textFields.ts'
import type { FontName } from './typst.ts'

/** What Typst draws in a second or two. */
const maxPixels = 40_000_000
const maxDrawingBytes = 2_000_000

/**
 * Throws `render.template`, naming file, line and reason, for what Typst would pass over in silence or fetch from elsewhere: a field that
 * no data has, a code or photo outside the page, a code larger than its place, a letter that no font has, a package, a huge picture.
 */
export function assertSoundTemplate({ kind, size, fields, photo, qr, fonts, files }: Template): void {
  const known: readonly string[] = textFields[kind]
  for (const field of Object.keys(fields)) {
    if (!known.includes(field)) fault(`template.json: fields.${field}: no such field; there are ${known.join(', ')}`)
  }
  const places = qr.map((slot, index) => ({ name: `qr.${index}`, ...slot, width: slot.size, height: slot.size }))
  for (const { name, x, y, width, height } of [...places, ...(photo ? [{ name: 'photo', ...photo }] : [])]) {
    if (x < 0 || y < 0 || x + width > size.width || y + height > size.height)
      fault(`template.json: ${name}: reaches beyond the ${size.width} × ${size.height} mm`)
  }
  qr.forEach(({ size: side, moduleDots, maxVersion }, index) => {
    // Modules of the version, and four of quiet zone on each side.
    const needed = ((17 + 4 * maxVersion + 8) * moduleDots * 25.4) / 300
    if (needed > side) fault(`template.json: qr.${index}.size: a code of version ${maxVersion} takes ${Math.ceil(needed * 10) / 10} mm`)
  })
  for (const [path, bytes] of files) {
    if (path.endsWith('.typ')) assertSource(path, Buffer.from(bytes).toString('utf8'), fonts)
    else assertPicture(path, Buffer.from(bytes))
  }
}

function assertSource(path: string, text: string, fonts: readonly FontName[]): void {
  text.split('\n').forEach((whole, index) => {
    const line = whole.replace(/(^|\s)\/\/.*$/, '')
    const place = (column: number) => `${path}:${index + 1}:${column + 1}`
    const imported = line.search(/"@[a-z0-9-]+\//)
    if (imported >= 0) fault(`${place(imported)}: packages are not fetched; put what is needed into the folder`)
    let column = 0
    for (const character of line) {
      if (character > '~' && !isDrawable(character, fonts)) fault(`${place(column)}: no glyph for ${character} in the template's fonts`)
      column += character.length
    }
  })
}

function isDrawable(character: string, fonts: readonly FontName[]): boolean {
  try {
    requireGlyphs('', character, fonts)
    return true
  } catch {
    return false
  }
}

function assertPicture(path: string, bytes: Buffer): void {
  if (/\.svg$/i.test(path) && bytes.length > maxDrawingBytes) fault(`${path}: ${bytes.length} bytes; at most ${maxDrawingBytes}`)
  if (/\.(gif|webp)$/i.test(path)) fault(`${path}: a picture is SVG, PNG or JPEG`)
  const { width, height } = sizeOf(path, bytes)
  if (width * height > maxPixels) fault(`${path}: ${width} × ${height} pixels; at most ${maxPixels / 1e6} million`)
}

/** Of a PNG (its IHDR chunk) or a JPEG. */
function sizeOf(path: string, bytes: Buffer): { width: number; height: number } {
  if (/\.png$/i.test(path) && bytes.length > 24) return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) }
  if (/\.jpe?g$/i.test(path)) return jpegFrame(bytes)
  return { width: 0, height: 0 }
}

function fault(reason: string): never {
  throw new AppError('render.template', reason)
}
