import { writtenDate } from '../../../core/encoding/writtenDate.ts'
import { type AgencyCode, isAgencyCode } from '../../../core/identity/agencyCode.ts'
import type { Cell } from '../cell.ts'
import type { RowFindings } from '../rowFindings.ts'
import { readText } from './readText.ts'

/** What reading an agency's code needs of the agency tree. */
export interface KnownAgencies {
  get(code: string): { code: AgencyCode; validTo: Date | null; successor: { code: AgencyCode } | null } | undefined
  byOldCode(oldCode: string): { code: AgencyCode } | undefined
}

/** The code of an agency in use; an old code (QCVN 102) is translated. '' when empty, null when refused. */
export function readAgency(cell: Cell | undefined, column: string, agencies: KnownAgencies, findings: RowFindings): AgencyCode | '' | null {
  const text = readText(cell, column, 60, findings)
  if (!text) return text as '' | null
  const code = text.toUpperCase().replaceAll(' ', '')
  const old = /^\d{3}\./.test(code) ? agencies.byOldCode(code)?.code : undefined
  const found = old ?? code
  if (!isAgencyCode(found)) {
    findings.add(/^\d{3}\./.test(code) ? 'import.agency.unknown' : 'import.agency.form', column, text)
    return null
  }
  const agency = agencies.get(found)
  if (!agency) {
    findings.add('import.agency.unknown', column, text)
    return null
  }
  if (agency.validTo !== null && agency.validTo <= new Date()) {
    const when = ` ${writtenDate(agency.validTo.toISOString().slice(0, 10))}`
    findings.add('import.agency.ended', column, text, { other: when + (agency.successor ? ` (→ ${agency.successor.code})` : '') })
    return null
  }
  if (old) findings.add('import.agency.old-code', column, text, { to: old })
  else if (code !== text) findings.add('import.agency.case', column, text, { to: code })
  return agency.code
}
