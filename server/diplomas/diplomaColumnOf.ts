import type { DiplomaColumn } from './diplomaColumns.ts'

/** The column of a sheet, and so the name on the pages, of a diploma's texts. */
export const diplomaColumnOf: Readonly<Record<string, DiplomaColumn>> = {
  number: 'so_hieu',
  registerNumber: 'so_vao_so',
  holderName: 'ho_ten',
  title: 'ten_van_bang',
  field: 'nganh',
  classification: 'xep_loai',
  institutionThen: 'ten_co_so_khi_cap',
}
