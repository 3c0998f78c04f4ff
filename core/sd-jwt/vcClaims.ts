import type { CardClaims } from '../credential/card.ts'
import type { DiplomaClaims } from '../credential/diploma.ts'
import type { PartialDate } from '../credential/partialDate.ts'
import { encodeBase64url } from '../encoding/base64url.ts'
import { categories } from '../identity/category.ts'
import { issuerUrl, type VcKind, vctOf } from './credentialTypes.ts'
import type { SdJwtToIssue } from './issue.ts'

/** What an SD-JWT VC holds beside the sealed credential it is made from. */
export interface VcInput {
  /** Origin of PUBLIC_URL. */
  readonly origin: string
  /** Seconds; when the SD-JWT is issued, not before the sealed credential. */
  readonly iat: number
  /** Random, independent of `cti`. */
  readonly jti: string
  /** URL of the status list that the sealed credential's index is in. */
  readonly statusListUri: string
}

type VcClaims = Pick<SdJwtToIssue, 'claims' | 'selective'>

/** The claims of a card's SD-JWT VC (formats 2). `birthDate` is not on the sealed card; `unit` is the using agency's name. */
export function cardVcClaims(sealed: CardClaims, input: VcInput & { birthDate?: PartialDate; unit?: string }): VcClaims {
  const { card } = sealed
  return {
    claims: alwaysDisclosed('civil-servant-card', sealed, card.status.idx, input),
    selective: {
      serial: card.serial,
      full_name: card.fullName,
      birth_date: input.birthDate,
      position: card.position,
      category: categories[card.category],
      unit: input.unit,
      photo: card.photo && encodeBase64url(card.photo),
    },
  }
}

/** The claims of a diploma's SD-JWT VC (formats 2). */
export function diplomaVcClaims(sealed: DiplomaClaims, input: VcInput): VcClaims {
  const { diploma } = sealed
  return {
    claims: alwaysDisclosed('diploma', sealed, diploma.status.idx, input),
    selective: {
      number: diploma.number,
      register_number: diploma.registerNumber,
      holder_name: diploma.holderName,
      birth_date: diploma.birthDate,
      title: diploma.title,
      field: diploma.field,
      classification: diploma.classification,
      awarded: diploma.awarded,
      institution_then: diploma.institutionThen,
      basis: diploma.basis,
      document: diploma.document && encodeBase64url(diploma.document),
    },
  }
}

function alwaysDisclosed(kind: VcKind, { iss, exp }: CardClaims | DiplomaClaims, idx: number, input: VcInput): Record<string, unknown> {
  const { origin, iat, jti, statusListUri } = input
  return {
    iss: issuerUrl(origin, iss),
    vct: vctOf(origin, kind),
    iat,
    ...(exp === undefined ? {} : { exp }),
    jti,
    agency_code: iss,
    status: { status_list: { idx, uri: statusListUri } },
  }
}
