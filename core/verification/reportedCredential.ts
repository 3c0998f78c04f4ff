import { encodeBase64url } from '../encoding/base64url.ts'
import type { TrustSlice } from '../trust/trustList.ts'
import type { ReadCredential } from './readCredential.ts'
import type { ReportedCard, ReportedDiploma } from './report.ts'

/** What a report says of a credential whose format, signature and issuer passed; bytes in base64url. */
export function reportedCredential({ claims }: ReadCredential, ref: Uint8Array, slice: TrustSlice): ReportedCard | ReportedDiploma {
  const { iss, iat, exp, card, diploma } = claims
  const issuerName = slice.agencies.get(iss)!.name
  const about = { issuer: iss, issuerName, ref: encodeBase64url(ref), issuedAt: iat }
  if (card) {
    const { usingAgency = iss, photo, status, serial, fullName, position, category } = card
    const usingAgencyName = usingAgency === iss ? issuerName : slice.agencies.get(usingAgency)!.name
    const reported: ReportedCard = {
      kind: 'card',
      ...about,
      expiresAt: exp!,
      serial,
      fullName,
      position,
      usingAgency,
      usingAgencyName,
      category,
      status,
    }
    return photo ? { ...reported, photo: encodeBase64url(photo) } : reported
  }
  const { document, ...fields } = diploma!
  return {
    kind: 'diploma',
    ...about,
    ...(exp === undefined ? {} : { expiresAt: exp }),
    ...fields,
    ...(document ? { document: encodeBase64url(document) } : {}),
  }
}
