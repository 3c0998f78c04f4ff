import type { Check } from '../../core/verification/report.ts'
import { partialDateText } from '../platform/vietnamTime.ts'

type Sentences = Readonly<Record<string, string>>
const loaded: Partial<Record<'vi' | 'en', Sentences>> = {}

/** Loads the sentences of the reader's language; the other one is not sent to the phone. */
export async function loadSentences(lang: 'vi' | 'en'): Promise<void> {
  loaded[lang] ??=
    lang === 'vi'
      ? (await import('../../core/verification/messages/vi.ts')).vi
      : (await import('../../core/verification/messages/en.ts')).en
}

/** The sentence of a check, with its detail filled in. */
export function sentenceOf(check: Check, lang: 'vi' | 'en'): string {
  const sentence = loaded[lang]?.[check.code] ?? check.code
  return sentence.replace('{detail}', check.detail).replace('{date}', partialDateText(check.detail))
}
