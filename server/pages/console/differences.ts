import { type AgencyChangeClaims, agencyChangeClaims } from '../../agencies/agencyChange.ts'
import type { AgencyProfile } from '../../agencies/agencyState.ts'
import { coverageLines } from '../../agencies/coverage.ts'
import { cardByRef } from '../../cards/cardsTable.ts'
import { diplomaByRef } from '../../diplomas/diplomasTable.ts'
import { shownOf } from '../../diplomas/requestDiplomas.ts'
import type { RequestKind } from '../../requests/requestKinds.ts'
import type { ItemRow } from '../../requests/requestsTable.ts'
import { formatDate } from '../format.ts'
import type { Translate } from '../texts.ts'
import type { PageDeps } from './routes.ts'

/** A field in which what is asked for differs from what stands; '' where there was or will be nothing. */
export interface Difference {
  field: string
  before: string
  after: string
}

const diplomaFields = [
  'holderName',
  'birthDate',
  'title',
  'field',
  'classification',
  'awarded',
  'expiresOn',
  'institutionThen',
  'basis',
  'document',
] as const

/** How a replacement differs from the card it replaces, a correction from the diploma, a changed agency from what it was; empty for other requests. */
export async function differencesOf(
  deps: Pick<PageDeps, 'pool' | 'cipher'>,
  kind: RequestKind,
  item: Pick<ItemRow, 'subjectRef'>,
  claims: Record<string, unknown>,
  t: Translate,
): Promise<Difference[]> {
  if (kind === 'agency.change') return agencyDifferences(agencyChangeClaims.parse(claims), t)
  if (!item.subjectRef) return []
  if (kind === 'card.replace') {
    const card = await cardByRef(deps.pool, item.subjectRef)
    if (!card) return []
    const before = {
      fullName: card.fullName,
      position: card.position,
      usingAgency: card.usingCode,
      category: card.category,
      photo: card.photoDigest?.toString('hex') ?? '',
    }
    return changed(before, claims)
  }
  if (kind === 'diploma.correct') {
    const diploma = await diplomaByRef(deps.pool, item.subjectRef)
    if (!diploma) return []
    const shown = shownOf(deps.cipher, diploma)
    const differences = changed(Object.fromEntries(diplomaFields.map(field => [field, shown[field] ?? ''])), claims)
    return differences.map(one => {
      // Of a person `title` is the official title; here it is the diploma's name.
      if (one.field === 'title') return { ...one, field: 'ten_van_bang' }
      const words = one.field === 'basis' ? (value: string) => t(`diplomas.basis.${value}`) : isDay(one.field) ? formatDate : undefined
      return words ? { ...one, before: words(one.before), after: words(one.after) } : one
    })
  }
  return []
}

const isDay = (field: string) => ['birthDate', 'awarded', 'expiresOn'].includes(field)

/** An agency that is added says all that it will say; one that is dissolved ends as it is. */
function agencyDifferences(claims: AgencyChangeClaims, t: Translate): Difference[] {
  if (claims.action === 'dissolve') return []
  const texts = (said: Partial<AgencyProfile> & { parent?: string | null }): Record<string, string> => ({
    ...said,
    parent: said.parent ?? '',
    restricted: said.restricted ? t('staff.yes') : '',
    coverage: coverageLines(said.coverage ?? []).replaceAll('\n', '; '),
  })
  return changed(claims.action === 'add' ? emptied(claims.after) : texts(claims.before), texts(claims.after))
}

function emptied(said: object): Record<string, string> {
  return Object.fromEntries(Object.keys(said).map(field => [field, '']))
}

function changed(before: Record<string, unknown>, after: Record<string, unknown>): Difference[] {
  return Object.entries(before)
    .map(([field, value]) => ({ field, before: String(value ?? ''), after: String(after[field] ?? '') }))
    .filter(difference => difference.before !== difference.after)
}
