import { encodeBase64url } from '../encoding/base64url.ts'
import type { TrustSlice } from '../trust/trustList.ts'
import type { ReadCredential } from './readCredential.ts'
import type { ReportedCard, ReportedDiploma } from './report.ts'

/** What a report says of a credential whose format, signature and issuer passed; bytes in base64url. */
export function reportedCredential({ claims }: ReadCredential, ref: Uint8Array, slice: TrustSlice): ReportedCard | ReportedDiploma {
  const { iss, iat, exp, card, diploma } = claims
  const issuerName = slice.agencies.get(iss)!.name
  if (card) {
    // Written out, without spreads: this is on the path of every card that is verified.
    const using = card.usingAgency
    const reported: { -readonly [name in keyof ReportedCard]: ReportedCard[name] } = {
      kind: 'card',
      issuer: iss,
      issuerName,
      ref: encodeBase64url(ref),
      issuedAt: iat,
      expiresAt: exp!,
      serial: card.serial,
      fullName: card.fullName,
      position: card.position,
      usingAgency: using ?? iss,
      usingAgencyName: using === undefined ? issuerName : slice.agencies.get(using)!.name,
      category: card.category,
      status: card.status,
    }
    if (card.photo) reported.photo = encodeBase64url(card.photo)
    return reported
  }
  const { document, ...fields } = diploma!
  return {
    kind: 'diploma',
    issuer: iss,
    issuerName,
    ref: encodeBase64url(ref),
    issuedAt: iat,
    ...(exp === undefined ? {} : { expiresAt: exp }),
    ...fields,
    ...(document ? { document: encodeBase64url(document) } : {}),
  }
}
