import { type CwtClaims, cwtLabels } from '../cose/cwt.ts'
import type { CborValue } from '../encoding/strictCbor.ts'
import { Fields, type StatusReference } from './fields.ts'
import { isPartialDate, type PartialDate } from './partialDate.ts'

/** Label of the diploma claim (formats 1). */
export const diplomaLabel = -65538

const labels = {
  number: 1,
  holderName: 2,
  title: 3,
  field: 4,
  awarded: 5,
  classification: 6,
  status: 7,
  document: 8,
  registerNumber: 9,
  birthDate: 10,
  institutionThen: 11,
  basis: 12,
} as const

/** Basis of registration: at award, from the original register, from the original document, from a copy. */
export const basisCount = 4
const maxNumberLength = 40

/** The claims set of a registered diploma or certificate. */
export interface DiplomaClaims extends CwtClaims {
  readonly diploma: {
    /** Số hiệu; absent only when there is a register number. */
    readonly number?: string
    readonly holderName: string
    /** Name of the diploma or certificate. */
    readonly title: string
    /** Field of study. */
    readonly field?: string
    readonly awarded: PartialDate
    readonly classification?: string
    readonly status: StatusReference
    /** SHA-256 of a file that does not itself contain this credential. */
    readonly document?: Uint8Array
    /** Số vào sổ gốc. */
    readonly registerNumber?: string
    readonly birthDate?: PartialDate
    /** The institution's name then, where it differs. */
    readonly institutionThen?: string
    /** 0 at award, 1 from the original register, 2 from the original document, 3 from a copy. */
    readonly basis: 0 | 1 | 2 | 3
  }
}

/** The claims set as CBOR holds it, labels in their canonical order. */
export function diplomaToCbor({ iss, iat, exp, cti, diploma }: DiplomaClaims): Map<CborValue, CborValue> {
  const fields = new Map<CborValue, CborValue>()
  for (const [name, label] of Object.entries(labels) as [keyof typeof labels, number][]) {
    const value = name === 'status' ? [diploma.status.list, diploma.status.idx] : diploma[name]
    if (value !== undefined) fields.set(label, value)
  }
  const set = new Map<CborValue, CborValue>()
  set.set(cwtLabels.iss, iss)
  if (exp !== undefined) set.set(cwtLabels.exp, exp)
  set.set(cwtLabels.iat, iat)
  set.set(cwtLabels.cti, cti)
  return set.set(diplomaLabel, fields)
}

/**
 * The diploma of a claims set; what is well formed but unknown is added to `newer` (`field`, `basis`). Throws `format.diploma`.
 */
export function diplomaFromCbor(claims: CwtClaims, value: CborValue | undefined, newer: string[]): DiplomaClaims {
  const fields = new Fields(value, 'format.diploma')
  if (!fields.has(labels.number) && !fields.has(labels.registerNumber)) throw fields.broken('số hiệu or số vào sổ')
  const basis = fields.uint(labels.basis)
  if (basis >= basisCount) newer.push('basis')
  if (fields.hasOthersThan(labels.basis)) newer.push('field')
  return {
    ...claims,
    diploma: {
      ...optionalText(fields, 'number', maxNumberLength),
      holderName: fields.text(labels.holderName),
      title: fields.text(labels.title),
      ...optionalText(fields, 'field'),
      awarded: dateOf(fields, labels.awarded),
      ...optionalText(fields, 'classification'),
      status: fields.status(labels.status),
      ...(fields.has(labels.document) ? { document: fields.bytes(labels.document, 32) } : {}),
      ...optionalText(fields, 'registerNumber', maxNumberLength),
      ...(fields.has(labels.birthDate) ? { birthDate: dateOf(fields, labels.birthDate) } : {}),
      ...optionalText(fields, 'institutionThen'),
      basis: basis as DiplomaClaims['diploma']['basis'],
    },
  }
}

function optionalText<Name extends keyof typeof labels>(fields: Fields, name: Name, maxLength?: number): { [N in Name]?: string } {
  return fields.has(labels[name]) ? ({ [name]: fields.text(labels[name], maxLength) } as { [N in Name]?: string }) : {}
}

function dateOf(fields: Fields, label: number): PartialDate {
  const text = fields.text(label)
  if (!isPartialDate(text)) throw fields.broken(`field ${label}`)
  return text
}
