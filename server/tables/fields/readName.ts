import type { Cell } from '../cell.ts'
import type { RowFindings } from '../rowFindings.ts'
import { readText } from './readText.ts'

// Vietnamese, and the letters with breve, stroke and tilde of the languages of the Central Highlands (Quốc ngữ spellings of names).
const usual = /^[a-zàáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵčĕĭñŏŭƀfjwz' .\-\p{M}]+$/u

/** A person's name in NFC: letters, spaces, ' . - only. '' when empty, null when refused. */
export function readName(cell: Cell | undefined, column: string, findings: RowFindings): string | null {
  const read = readText(cell, column, 80, findings)
  if (!read) return read
  const name = read.replace(/[\u2018\u2019\u02bc\u00b4`]/g, "'").replace(/[\u2010-\u2013]/g, '-')
  if (/<[^<>]*>/.test(name)) {
    findings.add('import.text.markup', column, read)
    return null
  }
  const foreign = name.match(/[^\p{L}\p{M} '.-]/gu)
  if (foreign || !/\p{L}/u.test(name)) {
    findings.add('import.name.characters', column, read, { other: [...new Set(foreign ?? name)].join(' ') })
    return null
  }
  if (!name.includes(' ')) findings.add('import.name.one-word', column, name)
  if (name.length > 3 && name === name.toUpperCase()) findings.add('import.name.upper-case', column, name)
  if (!usual.test(name.toLowerCase())) {
    const strange = [...new Set([...name].filter(letter => !usual.test(letter.toLowerCase())))]
    findings.add('import.name.unusual', column, name, { other: strange.join(' ') })
  }
  return name
}
