import { AppError } from '../../../core/errors.ts'
import { type FontName, readFont } from './typst.ts'

const coverage = new Map<FontName, ReadonlySet<number>>()

/** Letters of Tây Nguyên languages that Be Vietnam Pro lacks; Typst's own DejaVu Sans Mono has them. */
const fallbackLetters = new Set('ƀɃɓƁʼʽ')

/**
 * Throws `render.font`, naming the field and the letter, unless every character of `text` has a glyph in every font given: a
 * card never leaves with an empty box in a name. A composed letter also counts when the font has its parts (ŭ, ê̆): the shaper
 * puts them together. Text has to be NFC and free of control characters.
 */
export function requireGlyphs(field: string, text: string, fonts: readonly FontName[]): void {
  if (text !== text.normalize('NFC')) throw new AppError('render.font', `${field}: text is not NFC`)
  const key = fonts.join()
  const good = known.get(key) ?? new Set<string>()
  known.set(key, good)
  for (const character of text) {
    if (good.has(character)) continue
    const parts = [...character.normalize('NFD')]
    const lacking = fallbackLetters.has(character)
      ? undefined
      : fonts.find(font => {
          const inFont = charactersOf(font)
          return !inFont.has(character.codePointAt(0) as number) && !parts.every(part => inFont.has(part.codePointAt(0) as number))
        })
    if (lacking !== undefined) {
      const code = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')
      throw new AppError('render.font', `${field}: no glyph for U+${code} in ${lacking}`)
    }
    good.add(character)
  }
}

/** Characters that were looked up and found, by the fonts' names. */
const known = new Map<string, Set<string>>()

/** Code points that a font's `cmap` maps to a glyph other than .notdef (OpenType, cmap formats 4 and 12). */
export function charactersOf(font: FontName): ReadonlySet<number> {
  let found = coverage.get(font)
  if (!found) {
    found = readCmap(readFont(font))
    coverage.set(font, found)
  }
  return found
}

function readCmap(file: Buffer): Set<number> {
  const tables = file.readUInt16BE(4)
  const found = new Set<number>()
  for (let i = 0; i < tables; i++) {
    const record = 12 + i * 16
    if (file.toString('latin1', record, record + 4) !== 'cmap') continue
    const cmap = file.readUInt32BE(record + 8)
    for (let j = 0; j < file.readUInt16BE(cmap + 2); j++) {
      const table = cmap + file.readUInt32BE(cmap + 4 + j * 8 + 4)
      const format = file.readUInt16BE(table)
      if (format === 12) readFormat12(file, table, found)
      else if (format === 4) readFormat4(file, table, found)
    }
  }
  return found
}

function readFormat12(file: Buffer, table: number, found: Set<number>): void {
  for (let group = 0; group < file.readUInt32BE(table + 12); group++) {
    const at = table + 16 + group * 12
    for (let code = file.readUInt32BE(at); code <= file.readUInt32BE(at + 4); code++) found.add(code)
  }
}

function readFormat4(file: Buffer, table: number, found: Set<number>): void {
  const double = file.readUInt16BE(table + 6)
  for (let segment = 0; segment < double; segment += 2) {
    const end = file.readUInt16BE(table + 14 + segment)
    const start = file.readUInt16BE(table + 16 + double + segment)
    const delta = file.readUInt16BE(table + 16 + 2 * double + segment)
    const offsetAt = table + 16 + 3 * double + segment
    const offset = file.readUInt16BE(offsetAt)
    for (let code = start; code <= end && code !== 0xffff; code++) {
      const glyph = offset === 0 ? (code + delta) & 0xffff : file.readUInt16BE(offsetAt + offset + 2 * (code - start))
      if (glyph !== 0) found.add(code)
    }
  }
}
