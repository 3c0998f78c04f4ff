import type { CheckCode, CopyDetail } from '../checkCode.ts'
import type { Check } from '../report.ts'

/** The sentences of one language: one a code, and one for each detail that is a word of its own. */
export type Messages = Readonly<Record<CheckCode | `document.copy.${CopyDetail}`, string>>

/** The sentence of a check before its blanks are filled in: that of its detail where there is one, else its code's. */
export function messageOf(messages: Messages, { code, detail }: Pick<Check, 'code' | 'detail'>): string {
  const byDetail: Readonly<Record<string, string>> = messages
  return byDetail[`${code}.${detail}`] ?? messages[code] ?? code
}
