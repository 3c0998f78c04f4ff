import type { ColumnSpec } from '../tables/columnMap.ts'

/** The columns of a personnel sheet (domain-vietnam, "Importer"). */
export const officerColumns = [
  {
    name: 'so_dinh_danh',
    required: true,
    aliases: [
      'Số định danh cá nhân',
      'Số CCCD',
      'CCCD',
      'Số căn cước',
      'Căn cước',
      'Số căn cước công dân',
      'Mã định danh',
      'Số ĐDCN',
      'personal_number',
    ],
  },
  { name: 'ho_ten', required: true, aliases: ['Họ và tên', 'Họ tên khai sinh', 'Họ và tên khai sinh', 'Họ, tên', 'full_name'] },
  { name: 'ngay_sinh', required: true, aliases: ['Ngày tháng năm sinh', 'Ngày, tháng, năm sinh', 'Sinh ngày', 'NTNS', 'birth_date'] },
  { name: 'gioi_tinh', required: true, aliases: ['Giới', 'Phái', 'Nam/Nữ', 'gender'] },
  { name: 'ma_don_vi', required: true, aliases: ['Mã cơ quan', 'Mã ĐV', 'Mã định danh đơn vị', 'agency_code'] },
  { name: 'loai', required: true, aliases: ['Loại cán bộ', 'Loại CBCCVC', 'Đối tượng', 'Loại thẻ', 'Loại công chức', 'category'] },
  { name: 'chuc_vu', required: false, aliases: ['Chức vụ hiện tại', 'Chức vụ lãnh đạo', 'position'] },
  { name: 'chuc_danh', required: false, aliases: ['Chức danh nghề nghiệp', 'Chức danh hiện tại', 'Ngạch/Chức danh', 'title'] },
  { name: 'ma_ngach', required: false, aliases: ['Mã số ngạch', 'Ngạch', 'Mã ngạch công chức', 'rank_code'] },
  {
    name: 'so_hieu',
    required: false,
    aliases: ['Số hiệu công chức', 'Số hiệu CBCCVC', 'Số hiệu cán bộ', 'Mã nhân viên', 'employee_number'],
  },
  { name: 'email', required: false, aliases: ['Thư điện tử', 'Địa chỉ email', 'E-mail', 'Thư công vụ'] },
  { name: 'anh_file', required: false, aliases: ['Ảnh', 'Tên tệp ảnh', 'File ảnh', 'Tệp ảnh', 'photo'] },
  { name: 'ngay_het_hd', required: false, aliases: ['Ngày hết hợp đồng', 'Ngày hết hạn hợp đồng', 'Hạn hợp đồng', 'contract_end'] },
] as const satisfies readonly ColumnSpec[]

export type OfficerColumn = (typeof officerColumns)[number]['name']
