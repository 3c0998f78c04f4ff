import { sealedUrl } from '../../core/credential/qr.ts'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { vietnamDay } from '../../core/encoding/vietnamDay.ts'
import { writtenDate } from '../../core/encoding/writtenDate.ts'
import type { AgencyTree } from '../agencies/agencyTree.ts'
import type { DiplomaView } from '../printing/render/diplomaView.ts'
import type { OpenedDiploma } from './readDiploma.ts'

export interface DiplomaViewDeps {
  agencies: AgencyTree
  origin: string
  /** Whether every file is marked as a sample. */
  demonstration: boolean
}

/** What a file made of a registered diploma shows; its day is that of the registration. */
export function diplomaViewOf(deps: DiplomaViewDeps, { claims, issuerCode, ref, sealedBytes, issuedAt }: OpenedDiploma): DiplomaView {
  const { diploma } = claims
  const parent = deps.agencies.ancestors(issuerCode)[0]
  return {
    issuer: deps.agencies.get(issuerCode)?.nameVi ?? issuerCode,
    ...(parent ? { parentAgency: deps.agencies.get(parent)?.nameVi ?? parent } : {}),
    ...(diploma.institutionThen ? { institutionThen: diploma.institutionThen } : {}),
    title: diploma.title,
    holderName: diploma.holderName,
    ...(diploma.birthDate ? { birthDate: writtenDate(diploma.birthDate) } : {}),
    ...(diploma.field ? { field: diploma.field } : {}),
    ...(diploma.classification ? { classification: diploma.classification } : {}),
    awarded: writtenDate(diploma.awarded),
    ...(claims.exp === undefined ? {} : { validUntil: writtenDate(vietnamDay(claims.exp)) }),
    ...(diploma.number ? { number: diploma.number } : {}),
    ...(diploma.registerNumber ? { registerNumber: diploma.registerNumber } : {}),
    basis: diploma.basis,
    issuedOn: writtenDate(vietnamDay(issuedAt.getTime() / 1000)),
    sealedUrl: sealedUrl(deps.origin, sealedBytes),
    verifyAddress: `${deps.origin.replace(/^https?:\/\//, '')}/diplomas/verify`,
    ref: encodeBase64url(ref),
    sample: deps.demonstration,
  }
}
