import type { DiplomaClaims } from '../../core/credential/diploma.ts'
import { endOfVietnamDay } from '../../core/encoding/vietnamDay.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { ShownDiploma } from './shownDiploma.ts'

/** What will be sealed of a diploma, with what only issuing gives it; `iat` in seconds, `cti` 16 bytes. */
export function diplomaClaims(
  shown: ShownDiploma,
  { iat, cti, status }: Pick<DiplomaClaims, 'iat' | 'cti'> & Pick<DiplomaClaims['diploma'], 'status'>,
): DiplomaClaims {
  const exp = shown.expiresOn === undefined ? undefined : endOfVietnamDay(shown.expiresOn)
  return {
    iss: shown.issuer as AgencyCode,
    ...(exp === undefined ? {} : { exp }),
    iat,
    cti,
    diploma: {
      holderName: shown.holderName,
      title: shown.title,
      awarded: shown.awarded,
      status,
      basis: shown.basis,
      ...(shown.number ? { number: shown.number } : {}),
      ...(shown.field ? { field: shown.field } : {}),
      ...(shown.classification ? { classification: shown.classification } : {}),
      ...(shown.document ? { document: Buffer.from(shown.document, 'hex') } : {}),
      ...(shown.registerNumber ? { registerNumber: shown.registerNumber } : {}),
      ...(shown.birthDate ? { birthDate: shown.birthDate } : {}),
      ...(shown.institutionThen ? { institutionThen: shown.institutionThen } : {}),
    },
  }
}
