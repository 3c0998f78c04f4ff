import type { CardView } from '../render/cardView.ts'

/** Columns of the card bureau's file: what personalisation needs, texts as printed. */
export const bureauColumns = [
  'serial',
  'so_the',
  'ho_ten',
  'chuc_vu',
  'co_quan_quan_ly',
  'co_quan_su_dung',
  'loai',
  'ngay_cap',
  'ngay_het_han',
  'qr_mat_truoc',
  'qr_mat_sau',
] as const

export function bureauRow(view: CardView): string[] {
  return [
    view.serial,
    view.cardNumber ?? '',
    view.fullName,
    view.position,
    view.managingAgency,
    view.usingAgency,
    view.category,
    view.issuedOn,
    view.expiresOn,
    view.shortUrl,
    view.sealedUrl,
  ]
}
