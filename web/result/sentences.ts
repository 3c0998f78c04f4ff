import { writtenDate } from '../../core/encoding/writtenDate.ts'
import { type Messages, messageOf } from '../../core/verification/messages/messageOf.ts'
import type { Check } from '../../core/verification/report.ts'

const loaded: Partial<Record<'vi' | 'en', Messages>> = {}

/** Loads the sentences of the reader's language; the other one is not sent to the phone. When they cannot be had the codes stand in their place. */
export async function loadSentences(lang: 'vi' | 'en'): Promise<void> {
  try {
    loaded[lang] ??=
      lang === 'vi'
        ? (await import('../../core/verification/messages/vi.ts')).vi
        : (await import('../../core/verification/messages/en.ts')).en
  } catch {
    // A network that broke off in between must not keep the verdict back.
  }
}

/** The sentence of a check, with its detail filled in. */
export function sentenceOf(check: Check, lang: 'vi' | 'en'): string {
  const messages = loaded[lang]
  const sentence = messages ? messageOf(messages, check) : check.code
  return sentence.replace('{detail}', check.detail).replace('{date}', writtenDate(check.detail))
}
