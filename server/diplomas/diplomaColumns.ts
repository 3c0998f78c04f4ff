import type { ColumnSpec } from '../tables/columnMap.ts'

/** The columns of a diploma sheet (domain-vietnam, "Diploma importer"). `so_hieu` is required unless `so_vao_so` stands in its row. */
export const diplomaColumns = [
  { name: 'so_hieu', required: false, aliases: ['Số hiệu văn bằng', 'Số hiệu bằng', 'Số hiệu văn bằng, chứng chỉ', 'number'] },
  { name: 'so_vao_so', required: false, aliases: ['Số vào sổ gốc', 'Số vào sổ cấp bằng', 'Số vào sổ gốc cấp văn bằng', 'register_number'] },
  { name: 'ho_ten', required: true, aliases: ['Họ và tên', 'Họ, chữ đệm, tên', 'Họ tên người học', 'holder_name'] },
  { name: 'so_dinh_danh', required: false, aliases: ['Số định danh cá nhân', 'Số định danh', 'Số CCCD', 'CCCD', 'personal_number'] },
  { name: 'ngay_sinh', required: false, aliases: ['Ngày tháng năm sinh', 'Ngày, tháng, năm sinh', 'Sinh ngày', 'birth_date'] },
  { name: 'ten_van_bang', required: true, aliases: ['Tên văn bằng, chứng chỉ', 'Văn bằng', 'Loại văn bằng', 'Tên chứng chỉ', 'title'] },
  { name: 'nganh', required: false, aliases: ['Ngành đào tạo', 'Chuyên ngành', 'Ngành học', 'field'] },
  { name: 'xep_loai', required: false, aliases: ['Xếp loại tốt nghiệp', 'Hạng tốt nghiệp', 'Xếp hạng', 'classification'] },
  { name: 'ngay_cap', required: true, aliases: ['Ngày cấp bằng', 'Ngày tháng năm cấp', 'Năm tốt nghiệp', 'Năm cấp', 'awarded'] },
  { name: 'ngay_het_han', required: false, aliases: ['Ngày hết hạn', 'Có giá trị đến', 'Thời hạn', 'Hiệu lực đến', 'expires_on'] },
  { name: 'ma_don_vi', required: true, aliases: ['Mã cơ sở đào tạo', 'Mã cơ quan', 'Mã ĐV', 'agency_code'] },
  { name: 'ten_co_so_khi_cap', required: false, aliases: ['Tên cơ sở khi cấp', 'Tên trường khi cấp', 'Tên cũ', 'institution_then'] },
  { name: 'can_cu', required: false, aliases: ['Căn cứ nhập', 'Nguồn dữ liệu', 'basis'] },
  { name: 'tep', required: false, aliases: ['Tên tệp', 'File', 'Tệp văn bằng', 'document'] },
] as const satisfies readonly ColumnSpec[]

export type DiplomaColumn = (typeof diplomaColumns)[number]['name']
