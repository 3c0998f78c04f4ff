/** Categories of holders (QĐ 838/QĐ-BNV); the position in this list is card field 5 (formats 1). */
export const categories = ['CB', 'CC', 'VC', 'XA', 'XA0', 'HĐ'] as const

export type Category = (typeof categories)[number]
