import type { Category } from '../../core/identity/category.ts'

/** Somebody who does not exist: drawn from lists of common names by a seed. */
export interface SyntheticPerson {
  personalNumber: string
  fullName: string
  birthDate: string
  gender: 'male' | 'female'
  category: Category
  position: string
  title: string
  maNgach: string
  soHieu: string
  email: string
}

const families = weighted(
  'Nguyễn 38, Trần 12, Lê 10, Phạm 7, Hoàng 5, Huỳnh 4, Phan 4, Vũ 3, Võ 3, Đặng 2, Bùi 2, Đỗ 2, Hồ 1, Ngô 1, Dương 1, Lý 1, Lò 1, Nông 1, Mai 1, Y 1',
)
const menMiddle = weighted('Văn 30, Đức 8, Hữu 8, Minh 8, Quang 7, Ngọc 6, Thành 6, Xuân 5, Trọng 5, Đình 5, Công 4, Anh 4, Quốc 4')
const womenMiddle = weighted('Thị 40, Thị Thanh 6, Thị Ngọc 6, Thị Hồng 5, Ngọc 8, Thanh 8, Thu 7, Hồng 6, Kim 5, Phương 5, Mỹ 4')
const menGiven =
  'Hùng Dũng Tuấn Nam Hải Long Sơn Minh Hiếu Trung Thành Kiên Bình Phúc Đạt Quân Cường Việt Khánh Tùng Lâm Hoàng Phong Thắng Toàn Tiến Vinh Khoa Bảo An'.split(
    ' ',
  )
const womenGiven =
  'Hương Lan Hoa Thảo Trang Linh Hà Mai Nga Hằng Thủy Hiền Phương Vân Loan Yến Hạnh Ngân Dung Oanh Quỳnh Diệp Giang Nhung Tâm Chi My Ngọc Thư Xuân'.split(
    ' ',
  )
const provinces =
  '001 004 008 010 014 019 022 024 025 030 031 034 036 038 040 042 045 046 048 052 056 066 068 075 079 080 086 087 089 092'.split(' ')
const posts = [
  ['CC', '', 'Chuyên viên', '01.003'],
  ['CC', '', 'Chuyên viên chính', '01.002'],
  ['CC', 'Trưởng phòng', 'Chuyên viên chính', '01.002'],
  ['CC', 'Phó Trưởng phòng', 'Chuyên viên', '01.003'],
  ['VC', '', 'Giáo viên trung học cơ sở hạng II', 'V.07.04.31'],
  ['VC', '', 'Bác sĩ hạng III', 'V.08.01.03'],
  ['CB', 'Phó Vụ trưởng', 'Chuyên viên cao cấp', '01.001'],
  ['XA', 'Công chức địa chính', 'Chuyên viên', '01.003'],
  ['HĐ', '', 'Lái xe', ''],
] as const

/** The person of a number: the same number always gives the same person, another number another one. */
export function syntheticPerson(index: number): SyntheticPerson {
  const draw = random(index)
  const gender = draw(2) === 0 ? 'male' : 'female'
  const pick = <T>(list: readonly T[]): T => list[draw(list.length)]!
  const fullName =
    gender === 'male'
      ? `${pick(families)} ${pick(menMiddle)} ${pick(menGiven)}`
      : `${pick(families)} ${pick(womenMiddle)} ${pick(womenGiven)}`
  const year = 1966 + draw(37)
  const birthDate = `${year}-${String(1 + draw(12)).padStart(2, '0')}-${String(1 + draw(28)).padStart(2, '0')}`
  const century = (year >= 2000 ? 2 : 0) + (gender === 'male' ? 0 : 1)
  // The last six digits and the province spell the index, so numbers never collide below 30 million.
  const province = provinces[Math.floor(index / 1_000_000) % provinces.length]!
  const [category, position, title, maNgach] = pick(posts)
  return {
    personalNumber: `${province}${century}${String(year % 100).padStart(2, '0')}${String(index % 1_000_000).padStart(6, '0')}`,
    fullName,
    birthDate,
    gender,
    category,
    position,
    title,
    maNgach,
    soHieu: `MẪU-${String(index).padStart(8, '0')}`,
    email: `mau${index}@example.gov.vn`,
  }
}

/** Draws from 0 to n - 1 (SplitMix32). */
function random(seed: number): (n: number) => number {
  let state = Math.imul(seed + 1, 0x9e3779b9)
  return n => {
    state = (state + 0x9e3779b9) | 0
    let x = state ^ (state >>> 16)
    x = Math.imul(x, 0x21f0aaad)
    x ^= x >>> 15
    x = Math.imul(x, 0x735a2d97)
    return ((x ^ (x >>> 15)) >>> 0) % n
  }
}

function weighted(list: string): string[] {
  return list.split(', ').flatMap(entry => {
    const at = entry.lastIndexOf(' ')
    return Array<string>(Number(entry.slice(at + 1))).fill(entry.slice(0, at))
  })
}
