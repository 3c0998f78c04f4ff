import { formatDate } from '../format.ts'

/** Whose words a field's value is put into. */
export interface FieldWords {
  /** The text of a key, or `otherwise` where there is none. */
  textOr: (key: string, otherwise: string) => string
  agencyName: (code: string) => string
}

/** A value of a person's record as people read it: words for codes, day/month/year for ISO dates; '–' for none. */
export function fieldValue(field: string, value: string, { textOr, agencyName }: FieldWords): string {
  if (value === '') return '–'
  if (field === 'gender' || field === 'category') return textOr(`${field}.${value}`, value)
  if (field === 'agency' || field === 'usingAgency' || field === 'parent') return agencyName(value)
  return /^\d{4}-\d\d-\d\d$/.test(value) ? formatDate(value) : value
}
