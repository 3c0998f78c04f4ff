import { canonicalJson } from '../../../core/encoding/canonicalJson.ts'
import { type AgencyCode, isAgencyCode } from '../../../core/identity/agencyCode.ts'
import type { AgencyRow } from '../../agencies/agenciesTable.ts'
import type { AgencyChange } from '../../agencies/agencyChange.ts'
import { agencyState } from '../../agencies/agencyState.ts'
import type { AgencyTree } from '../../agencies/agencyTree.ts'
import { coverageLines, readCoverage } from '../../agencies/coverage.ts'
import type { Translate } from '../texts.ts'

type Fields = Readonly<Record<string, string | undefined>>

export interface FieldError {
  field: string
  text: string
}

/** What the form of an agency shows of it. */
export function agencyFields(agency: AgencyRow): Record<string, string> {
  const { profile, parent } = agencyState(agency)
  const { oldCode, nameVi, nameEn, restricted, coverage } = profile
  return {
    code: agency.code,
    oldCode,
    nameVi,
    nameEn,
    restricted: restricted ? 'yes' : '',
    coverage: coverageLines(coverage),
    parent: parent ?? '',
  }
}

/** The changes that a sent form asks for, of `agency` or of a new one below one of `codes`; or what is wrong with its fields. */
export function readAgencyForm(
  values: Fields,
  {
    t,
    agency,
    codes,
    tree,
    mayMove,
  }: { t: Translate; agency: AgencyRow | null; codes: readonly AgencyCode[]; tree: AgencyTree; mayMove: boolean },
): { errors: FieldError[]; changes: AgencyChange[] } {
  const { nameVi = '', nameEn = '', oldCode = '', restricted, parent: chosen = '' } = values
  const errors: FieldError[] = []
  const code = (agency?.code ?? values.code ?? '') as AgencyCode
  if (!agency && !isAgencyCode(code)) errors.push({ field: 'code', text: t('agency.codeWrong') })
  const taken = agency ? undefined : tree.get(code)
  if (taken) errors.push({ field: 'code', text: t('agency.codeTaken', { name: taken.nameVi }) })
  if (nameVi === '' || nameVi.length > 200) errors.push({ field: 'nameVi', text: t('agency.nameMissing') })
  if (nameEn.length > 200) errors.push({ field: 'nameEn', text: t('form.tooLong', { count: 200 }) })
  if (oldCode.length > 35) errors.push({ field: 'oldCode', text: t('form.tooLong', { count: 35 }) })
  const coverage = readCoverage(values.coverage ?? '')
  if (!coverage) errors.push({ field: 'coverage', text: t('agency.coverageWrong') })
  const parent = mayMove ? codes.find(one => one === chosen) : undefined
  if (mayMove && !parent) errors.push({ field: 'parent', text: t('agency.parentMissing') })
  if (agency && parent && tree.inSubtree(parent, code)) errors.push({ field: 'parent', text: t('agency.parentBelow') })
  if (errors.length > 0 || !coverage) return { errors, changes: [] }

  const profile = {
    oldCode,
    nameVi: nameVi.normalize('NFC'),
    nameEn: nameEn.normalize('NFC'),
    restricted: restricted === 'yes',
    coverage,
  }
  if (!agency) return { errors, changes: [{ action: 'add', code, parent: parent!, profile }] }
  const now = agencyState(agency)
  const changes: AgencyChange[] = []
  if (canonicalJson(profile) !== canonicalJson({ ...now.profile })) changes.push({ action: 'change', code, profile })
  if (parent && parent !== now.parent) changes.push({ action: 'move', code, parent })
  if (changes.length === 0) errors.push({ field: 'nameVi', text: t('agency.nothingChanged') })
  return { errors, changes }
}
