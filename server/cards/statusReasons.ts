import type { EndedAs } from './cardsTable.ts'

/** Inner reason codes and the neutral word that the public sees for an end (domain-vietnam, "Statuses"). */
export const statusReasons = {
  THOI_VIEC: 'ended',
  CHUYEN_CO_QUAN: 'ended',
  DOI_CHUC_VU: 'ended',
  DOI_THONG_TIN: 'ended',
  MAT_THE: 'ended',
  HONG_THE: 'ended',
  SAI_THONG_TIN: 'error',
  CAP_SAI: 'error',
  GIAN_LAN: 'ended',
  KHAC: 'ended',
} as const satisfies Record<string, EndedAs>

export type StatusReason = keyof typeof statusReasons
export const statusReasonCodes = Object.keys(statusReasons) as [StatusReason, ...StatusReason[]]
