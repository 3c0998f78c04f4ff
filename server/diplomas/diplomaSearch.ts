import type { FieldCipher } from '../keys/fieldCipher.ts'
import { personalNumberIndex } from '../keys/personalNumberIndex.ts'
import { searchName } from '../tables/searchName.ts'
import type { DiplomaFilter } from './diplomasTable.ts'

/** What a typed text looks for: a holder's personal number (12 digits), a number, which keeps its signs, or a name without diacritics. */
export function diplomaSearch(cipher: FieldCipher, typed: string): Pick<DiplomaFilter, 'query' | 'holderIndex'> {
  const text = typed.trim()
  if (text === '') return {}
  if (/^\d{12}$/.test(text)) return { holderIndex: personalNumberIndex(cipher, text) }
  return { query: /\d/.test(text) ? text : searchName(text) }
}
