import { writtenDate } from '../../core/encoding/writtenDate.ts'
import { claimLabel } from '../../core/sd-jwt/credentialTypes.ts'
import type { ReportedSdJwt, SdJwtReport } from '../../core/verification/report.ts'
import { dayText } from '../platform/vietnamTime.ts'
import { type Fact, type ResultView, resultView, type ViewContext } from './resultView.ts'

/** The view of a report on an SD-JWT VC: what the holder chose to show, and that nobody has proven to be the holder. */
export function sdJwtView(report: SdJwtReport, context: ViewContext): ResultView {
  const { credential, verdict } = report
  const { text } = context
  const isDiploma = credential?.kind === 'diploma'
  // Of what does not hold no data is shown.
  const facts = credential && verdict !== 'invalid' ? factsOf(credential, context) : []
  const advice = text('result.sdJwtUnbound')
  if (verdict === 'valid')
    return {
      tone: 'halfgood',
      title: text(isDiploma ? 'result.diplomaValid' : 'result.valid'),
      reason: text('result.sdJwt'),
      advice,
      notes: [],
      facts,
    }
  const view = resultView({ ...report, credential: null }, context)
  const title = text(verdict === 'invalid' ? 'result.diplomaInvalid' : 'result.diplomaUndetermined')
  return { ...view, ...(isDiploma ? { title } : {}), facts }
}

function factsOf({ kind, issuerName, expiresAt, disclosed }: ReportedSdJwt, { text, lang }: ViewContext): Fact[] {
  const shown = Object.entries(disclosed).filter(([name]) => name !== 'photo' && name !== 'document')
  return [
    ...shown.map(([name, value]): Fact => ({ label: claimLabel(kind, name, lang), value: valueText(name, value) })),
    { label: text('result.issuerOnly'), value: issuerName[lang] },
    ...(expiresAt === undefined ? [] : [{ label: text('result.expires'), value: dayText(expiresAt) }]),
  ]
  function valueText(name: string, value: string | number): string {
    if (name === 'basis') return text(`result.basis${value}`)
    return name === 'birth_date' || name === 'awarded' ? writtenDate(String(value)) : String(value)
  }
}
