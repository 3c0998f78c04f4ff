/** All that a diploma, a certificate or an extract from the register shows (formats 1). Texts are NFC, days dd/mm/yyyy. */
export interface DiplomaView {
  issuer: string
  /** The institution's name then, where it differs. */
  institutionThen?: string
  /** Superior of the issuer, above it in the heading. */
  parentAgency?: string
  title: string
  holderName: string
  birthDate?: string
  field?: string
  classification?: string
  /** `YYYY`, `MM/YYYY` or `dd/mm/yyyy`. */
  awarded: string
  /** Its last day, dd/mm/yyyy; absent when it does not expire. */
  validUntil?: string
  /** Số hiệu. */
  number?: string
  /** Số vào sổ gốc. */
  registerNumber?: string
  /** 0 at award, 1 from the original register, 2 from the original document, 3 from a copy. */
  basis: number
  place?: string
  signatoryTitle?: string
  signatory?: string
  /** Day on which this file was made, dd/mm/yyyy: the only date in the PDF. */
  issuedOn: string
  sealedUrl: string
  verifyAddress: string
  ref?: string
  /** Hex SHA-256 of the registered file, on the page that is added to a copy of it. */
  documentSha256?: string
  /** Whether the file gets the digital signature that its words speak of. */
  signed?: boolean
  sample?: boolean
}
