import { en } from './messages/en.ts'
import { messageOf } from './messages/messageOf.ts'
import { vi } from './messages/vi.ts'
import { requires } from './policy.ts'
import type { Check, Report, SdJwtReport } from './report.ts'

export type Language = 'vi' | 'en'

const sentences = { vi, en }
const months = 'January February March April May June July August September October November December'.split(' ')

/** The sentence of a check's code and detail, filled in. */
export function describeCheck(check: Pick<Check, 'code' | 'detail'>, language: Language): string {
  const { detail } = check
  return messageOf(sentences[language], check)
    .replace('{date}', () => formatDay(detail, language))
    .replace('{detail}', () => detail)
}

/** The one check that explains a verdict which is not `valid`: the first that failed, else contradicted, else was needed and not to be had. */
export function mainReason({ checks, verdict, policy, credential }: Report | SdJwtReport): Check | undefined {
  if (verdict === 'valid') return undefined
  const kind = credential?.kind ?? 'diploma'
  return (
    checks.find(check => check.outcome === 'failed') ??
    checks.find(check => check.outcome === 'contradicted') ??
    checks.find(
      check =>
        check.outcome === 'unavailable' && check.name !== 'signature' && (check.name === 'document' || requires(policy, kind, check.name)),
    ) ??
    checks.find(check => check.outcome === 'unavailable')
  )
}

/** `2026-03-12` as `12/03/2026` or `12 March 2026`; anything else as it is. */
function formatDay(day: string, language: Language): string {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day)
  if (!parts) return day
  const [, year, month, date] = parts
  return language === 'vi' ? `${date}/${month}/${year}` : `${Number(date)} ${months[Number(month) - 1]} ${year}`
}
