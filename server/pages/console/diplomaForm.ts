import { isPartialDate } from '../../../core/credential/partialDate.ts'
import type { ShownDiploma } from '../../diplomas/shownDiploma.ts'
import type { Translate } from '../texts.ts'

export type Fault = { field: string; text: string }

export const bases = [0, 1, 2, 3] as const

/** What is wrong with the fields of one diploma. */
export function diplomaFaults(fields: Record<string, string>, t: Translate): Fault[] {
  const faults: Fault[] = []
  const needs = (field: string, max: number) => {
    if (!fields[field]) faults.push({ field, text: t('form.required') })
    else if (fields[field].length > max) faults.push({ field, text: t('form.tooLong', { count: max }) })
  }
  needs('holderName', 100)
  needs('title', 160)
  if (!fields.number && !fields.registerNumber) faults.push({ field: 'number', text: t('diplomas.numberMissing') })
  for (const field of ['number', 'registerNumber'] as const)
    if ((fields[field] ?? '').length > 40) faults.push({ field, text: t('form.tooLong', { count: 40 }) })
  if (!isPartialDate(isoDate(fields.awarded ?? ''))) faults.push({ field: 'awarded', text: t('diplomas.dateWrong') })
  if (fields.expiresOn) {
    const expiresOn = isoDate(fields.expiresOn)
    if (!isPartialDate(expiresOn) || expiresOn.length !== 10) faults.push({ field: 'expiresOn', text: t('diplomas.expiryWrong') })
    else if (expiresOn < isoDate(fields.awarded ?? '')) faults.push({ field: 'expiresOn', text: t('diplomas.expiryOrder') })
  }
  if (fields.birthDate && !isPartialDate(isoDate(fields.birthDate))) faults.push({ field: 'birthDate', text: t('diplomas.dateWrong') })
  if (fields.holderNumber && !/^\d{12}$/.test(bareNumber(fields.holderNumber)))
    faults.push({ field: 'holderNumber', text: t('diplomas.holderNumberWrong') })
  if (fields.document && !/^[0-9a-f]{64}$/.test(fields.document)) faults.push({ field: 'document', text: t('diplomas.digestWrong') })
  return faults
}

/** A personal number without the spaces and points that people write into it. */
export function bareNumber(text: string): string {
  return text.replace(/[\s.-]/g, '')
}

/** A day, month or year as written here (`23/08/1990`, `08/1990`, `1990`) or as ISO, in the form that credentials hold. */
function isoDate(text: string): string {
  const parts = /^(?:(?:(\d{1,2})[/.-])?(\d{1,2})[/.-])?(\d{4})$/.exec(text.trim())
  if (!parts) return text.trim()
  return [parts[3], parts[2], parts[1]]
    .filter(part => part !== undefined)
    .map(part => part.padStart(2, '0'))
    .join('-')
}

/** The diploma that a form without faults describes. */
export function diplomaOf(fields: Record<string, string>): ShownDiploma {
  const optional = (name: string, value: string | undefined) => (value ? { [name]: value.normalize('NFC') } : {})
  return {
    issuer: fields.agency!,
    holderName: fields.holderName!.normalize('NFC'),
    title: fields.title!.normalize('NFC'),
    awarded: isoDate(fields.awarded!),
    basis: bases.find(basis => String(basis) === fields.basis) ?? 0,
    ...optional('number', fields.number),
    ...optional('registerNumber', fields.registerNumber),
    ...optional('birthDate', fields.birthDate && isoDate(fields.birthDate)),
    ...optional('expiresOn', fields.expiresOn && isoDate(fields.expiresOn)),
    ...optional('holderNumber', fields.holderNumber && bareNumber(fields.holderNumber)),
    ...optional('field', fields.field),
    ...optional('classification', fields.classification),
    ...optional('institutionThen', fields.institutionThen),
    ...optional('document', fields.document),
  }
}
