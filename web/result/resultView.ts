import { writtenDate } from '../../core/encoding/writtenDate.ts'
import type { Check, CheckName, Report, ReportedCard, ReportedDiploma } from '../../core/verification/report.ts'
import type { Text } from '../platform/textFrom.ts'
import { dayText, timeText } from '../platform/vietnamTime.ts'

/** Colour, icon and words of a band; `halfgood` is a valid card whose photo nobody could compare yet. */
export type Tone = 'good' | 'halfgood' | 'bad' | 'unsure'

export interface Fact {
  readonly label: string
  readonly value: string
  readonly kind?: 'name' | 'mono'
}

/** What a person is shown of a report: the verdict in words, the reason, what to do, and the facts that may be shown. */
export interface ResultView {
  readonly tone: Tone
  readonly title: string
  /** The one reason that matters; empty under a plain green band. */
  readonly reason: string
  readonly advice: string
  readonly notes: readonly string[]
  readonly facts: readonly Fact[]
}

/** What is known of the photo of a card: still being fetched, compared and shown, or why not. */
export type PhotoState = 'pending' | 'shown' | 'unavailable'

export interface ViewContext {
  readonly lang: 'vi' | 'en'
  readonly text: Text
  /** The sentence of a check. */
  readonly sentence: (check: Check) => string
  readonly photo: PhotoState
  /** Whether public files could not be reached just now. */
  readonly offline: boolean
  /** What the code claims to be: the noun for one that nothing is known of. */
  readonly claimedKind?: 'card' | 'diploma' | undefined
}

/** The view of a report on a card or diploma. Of an ended card it holds nothing about the person. */
export function resultView(report: Report, context: ViewContext): ResultView {
  const { credential, verdict } = report
  const isDiploma = (credential?.kind ?? context.claimedKind) === 'diploma'
  const { text } = context
  const facts = factsOf(report, context)
  const notes = notesOf(report, context)
  if (verdict === 'valid') {
    if (isDiploma) return { tone: 'good', title: text('result.diplomaValid'), reason: '', advice: '', notes, facts }
    const photo = photoReason(report, credential as ReportedCard, context)
    return photo === null
      ? { tone: 'good', title: text('result.valid'), reason: '', advice: text('result.compare'), notes, facts }
      : {
          tone: 'halfgood',
          title: text('result.noPhoto'),
          reason: photo,
          advice: text(context.photo === 'pending' ? 'result.compare' : 'result.comparePlain'),
          notes,
          facts,
        }
  }
  if (verdict === 'invalid') {
    const title = text(isDiploma ? 'result.diplomaInvalid' : 'result.invalid')
    return { tone: 'bad', title, reason: failure(report, context), advice: '', notes, facts }
  }
  const [reason, advice] = doubt(report, context)
  return {
    tone: 'unsure',
    title: text(isDiploma ? 'result.diplomaUndetermined' : 'result.undetermined'),
    reason,
    advice,
    notes,
    facts,
  }
}

/** Why a valid card's band is not plain green, or null when the photo was compared with the card. */
function photoReason(report: Report, card: ReportedCard, { text, photo }: ViewContext): string | null {
  if (card.photo === undefined) return text('result.photoMissing')
  if (find(report, 'photo').outcome === 'passed' && photo === 'shown') return null
  return photo === 'pending' ? text('result.photoLoading') : text('result.photoUnavailable')
}

// The first of these that failed is the reason that matters: an altered card is not "expired".
const gravity: readonly CheckName[] = ['format', 'signature', 'issuer', 'status', 'validity', 'document', 'photo']

function failure(report: Report, context: ViewContext): string {
  const { text } = context
  const isDiploma = report.credential?.kind === 'diploma'
  const check = gravity.map(name => find(report, name)).find(each => each.outcome === 'failed')
  if (!check) return ''
  if (check.name === 'format') return text('result.unreadable')
  if (check.name === 'signature') return text('result.tampered')
  if (check.name === 'photo') return text('result.photoDiffers')
  if (check.code === 'validity.expired' && report.credential?.expiresAt !== undefined) {
    // exp is the last second of the last day; what a reader asks is since when.
    return text('result.expiredOn', { day: dayText(report.credential.expiresAt + 1) })
  }
  if (check.code === 'status.revoked') return text(isDiploma ? 'result.diplomaRevoked' : 'result.revoked')
  if (check.code === 'status.suspended') return text(isDiploma ? 'result.diplomaSuspended' : 'result.suspended')
  if (check.code === 'status.never-issued') return text('result.neverIssued')
  if (['issuer.unknown-key', 'issuer.unknown-agency', 'issuer.not-entitled', 'issuer.use'].includes(check.code))
    return text('result.unknownIssuer')
  return context.sentence(check)
}

/** What could not be found out, and what to do. */
function doubt(report: Report, context: ViewContext): [string, string] {
  const { text, sentence, offline } = context
  const contradicted = report.checks.find(check => check.outcome === 'contradicted')
  if (contradicted) return [text('result.contradicted'), text('result.contradictedAdvice')]
  if (find(report, 'validity').code === 'validity.clock') return [text('result.clock'), text('result.clockAdvice')]
  if (report.checks.some(check => check.code.endsWith('.newer'))) return [text('result.newer'), text('result.newerAdvice')]
  const document = find(report, 'document')
  const open = report.checks.filter(check => check.outcome === 'unavailable' && !check.code.endsWith('.skipped'))
  if (document.code === 'document.copy' && open.every(check => check.name === 'document' || check.name === 'anchor'))
    return isCopy(document) ? [text('diploma.copy'), text('diploma.copyText')] : [sentence(document), '']
  if (offline) {
    const asOf = find(report, 'status').asOf
    const reason = asOf === undefined ? text('result.offlineNothing') : text('result.offline', { time: timeText(asOf, report.evaluatedAt) })
    return [reason, text('result.offlineAdvice')]
  }
  const first = open.find(check => ['issuer', 'validity', 'status', 'log'].includes(check.name)) ?? open[0]
  const reason =
    first?.name === 'status'
      ? text(report.credential?.kind === 'diploma' ? 'result.diplomaNoStatus' : 'result.noStatus')
      : first?.name === 'issuer' && first.code.includes('trust')
        ? text('result.noTrust')
        : first?.name === 'log'
          ? text('result.noLog')
          : first
            ? sentence(first)
            : ''
  return [reason, text('result.retryAdvice')]
}

function notesOf(report: Report, { text, offline }: ViewContext): string[] {
  const status = find(report, 'status')
  if (status.asOf === undefined || status.outcome === 'unavailable') return []
  // Said always when there is no network; else only once it is no longer fresh.
  return offline || report.evaluatedAt - status.asOf > 900
    ? [
        text(report.credential?.kind === 'diploma' ? 'result.diplomaStatusAge' : 'result.statusAge', {
          time: timeText(status.asOf, report.evaluatedAt),
        }),
      ]
    : []
}

function factsOf(report: Report, context: ViewContext): Fact[] {
  const { credential } = report
  if (!credential) return []
  return credential.kind === 'card' ? cardFacts(report, credential, context) : diplomaFacts(credential, context)
}

function cardFacts(report: Report, card: ReportedCard, { text, lang }: ViewContext): Fact[] {
  const issuer = { label: text('result.issuerOnly'), value: card.issuerName[lang] }
  const serial: Fact = { label: text('result.serial'), value: card.serial, kind: 'mono' }
  if (report.verdict === 'invalid') return [issuer, serial]
  const agency =
    card.usingAgency === card.issuer
      ? [{ label: text('result.agency'), value: card.usingAgencyName[lang] }]
      : [
          { label: text('result.agency'), value: card.usingAgencyName[lang] },
          { label: text('result.issuer'), value: card.issuerName[lang] },
        ]
  return [
    { label: text('result.name'), value: card.fullName, kind: 'name' },
    { label: text('result.position'), value: card.position },
    ...agency,
    { label: text('result.category'), value: text(`result.category${card.category}`) },
    serial,
    { label: text('result.expires'), value: dayText(card.expiresAt!) },
  ]
}

/** The data of a diploma as it was registered. */
export function diplomaFacts(diploma: ReportedDiploma, { text, lang }: Pick<ViewContext, 'text' | 'lang'>): Fact[] {
  const facts: (Fact | undefined)[] = [
    { label: text('result.holderName'), value: diploma.holderName, kind: 'name' },
    fact('result.birthDate', diploma.birthDate && writtenDate(diploma.birthDate)),
    fact('result.diplomaTitle', diploma.title),
    fact('result.field', diploma.field),
    fact('result.classification', diploma.classification),
    fact('result.awarded', writtenDate(diploma.awarded)),
    fact('result.number', diploma.number),
    fact('result.registerNumber', diploma.registerNumber),
    fact('result.issuerOnly', diploma.issuerName[lang]),
    fact('result.institutionThen', diploma.institutionThen),
    fact('result.expires', diploma.expiresAt === undefined ? undefined : dayText(diploma.expiresAt)),
    fact('result.basis', text(`result.basis${diploma.basis}`)),
  ]
  return facts.filter(each => each !== undefined)
  function fact(label: string, value: string | undefined): Fact | undefined {
    return value ? { label: text(label), value } : undefined
  }
}

/** Whether a file that is not the registered one may be a plain copy of it, rather than a PDF with a signature that is not enough. */
export function isCopy({ code, detail }: Check): boolean {
  return code === 'document.copy' && (detail === '' || detail === 'unsigned')
}

function find(report: Report, name: CheckName): Check {
  return report.checks.find(check => check.name === name)!
}
