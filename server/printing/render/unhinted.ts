/** Programs and values of the hinting interpreter, and how a screen smooths. */
const hinting = new Set(['cvt ', 'fpgm', 'gasp', 'prep'])

/**
 * Returns a TrueType font without its hints (OpenType, `glyf`): outlines, metrics and features are the same. Hints serve small
 * sizes on coarse screens; in a PDF they are half of a subset's bytes, and deflating them a tenth of a card's time.
 */
export function unhinted(font: Buffer): Buffer {
  const tables = new Map<string, Buffer>()
  for (let record = 12; record < 12 + 16 * font.readUInt16BE(4); record += 16) {
    const tag = font.toString('latin1', record, record + 4)
    const start = font.readUInt32BE(record + 8)
    if (!hinting.has(tag)) tables.set(tag, Buffer.from(font.subarray(start, start + font.readUInt32BE(record + 12))))
  }
  const [head, loca, glyf] = ['head', 'loca', 'glyf'].map(tag => tables.get(tag)) as [Buffer, Buffer, Buffer]
  const offsetOf = (glyph: number) => (head.readInt16BE(50) === 1 ? loca.readUInt32BE(glyph * 4) : loca.readUInt16BE(glyph * 2) * 2)
  const count = tables.get('maxp')!.readUInt16BE(4)
  const glyphs = Array.from({ length: count }, (_, glyph) => withoutInstructions(glyf.subarray(offsetOf(glyph), offsetOf(glyph + 1))))
  const offsets = Buffer.alloc((count + 1) * 4)
  let end = 0
  for (const [index, glyph] of glyphs.entries()) {
    end += glyph.length
    offsets.writeUInt32BE(end, (index + 1) * 4)
  }
  tables.set('glyf', Buffer.concat(glyphs))
  tables.set('loca', offsets)
  head.writeInt16BE(1, 50)
  return fontFile(font.subarray(0, 4), tables)
}

/** A glyph's description, padded to four bytes. */
function withoutInstructions(glyph: Buffer): Buffer {
  if (glyph.length === 0) return glyph
  const contours = glyph.readInt16BE(0)
  if (contours >= 0) {
    const at = 10 + 2 * contours
    return padded(Buffer.concat([glyph.subarray(0, at), Buffer.alloc(2), glyph.subarray(at + 2 + glyph.readUInt16BE(at))]))
  }
  const composite = Buffer.from(glyph)
  let at = 10
  let flags = MORE_COMPONENTS
  while (flags & MORE_COMPONENTS) {
    flags = composite.readUInt16BE(at)
    composite.writeUInt16BE(flags & ~WE_HAVE_INSTRUCTIONS, at)
    at += 4 + (flags & ARGUMENTS_ARE_WORDS ? 4 : 2) + (flags & HAS_SCALE ? 2 : flags & HAS_TWO_SCALES ? 4 : flags & HAS_MATRIX ? 8 : 0)
  }
  return padded(composite.subarray(0, at))
}

const ARGUMENTS_ARE_WORDS = 0x1
const HAS_SCALE = 0x8
const MORE_COMPONENTS = 0x20
const HAS_TWO_SCALES = 0x40
const HAS_MATRIX = 0x80
const WE_HAVE_INSTRUCTIONS = 0x100

/** The table directory with sums of zero, which no reader of an embedded font compares, and the tables. */
function fontFile(version: Buffer, tables: ReadonlyMap<string, Buffer>): Buffer {
  const directory = Buffer.alloc(12 + 16 * tables.size)
  version.copy(directory)
  directory.writeUInt16BE(tables.size, 4)
  const parts: Buffer[] = [directory]
  let offset = directory.length
  for (const [index, tag] of [...tables.keys()].sort().entries()) {
    const table = tables.get(tag) as Buffer
    const record = 12 + 16 * index
    directory.write(tag, record, 'latin1')
    directory.writeUInt32BE(offset, record + 8)
    directory.writeUInt32BE(table.length, record + 12)
    parts.push(padded(table))
    offset += parts.at(-1)!.length
  }
  return Buffer.concat(parts)
}

const padded = (bytes: Buffer) => (bytes.length % 4 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - (bytes.length % 4))]))
