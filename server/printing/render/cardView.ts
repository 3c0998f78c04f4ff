/** All that a printed card shows. Texts are NFC; nothing here is looked up or derived while rendering. */
export interface CardView {
  fullName: string
  position: string
  managingAgency: string
  usingAgency: string
  /** The QĐ 838 number, `G09.001185012345.CC`; it contains the personal number. */
  cardNumber?: string
  serial: string
  /** CB, CC, VC, XA, XA0 or HĐ. */
  category: string
  /** dd/mm/yyyy, as are all days here. */
  expiresOn: string
  issuedOn: string
  photo?: Uint8Array
  sealedUrl: string
  shortUrl: string
  verifyAddress: string
  /** Demonstration data: the card is marked "MẪU". */
  sample?: boolean
}
