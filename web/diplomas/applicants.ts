/** One line of a list to check; what is not given is empty. */
export interface Applicant {
  readonly name: string
  readonly agency: string
  readonly soHieu: string
  readonly ngaySinh: string
  readonly title: string
  readonly awarded: string
  readonly classification: string
  /** Name of the file that belongs to the line. */
  readonly file: string
}

const columns: Record<keyof Applicant, readonly string[]> = {
  name: ['ho_ten', 'ho_va_ten', 'nguoi_duoc_cap', 'name'],
  agency: ['ma_don_vi', 'co_quan_cap', 'don_vi_cap', 'agency'],
  soHieu: ['so_hieu', 'so_vao_so', 'number'],
  ngaySinh: ['ngay_sinh', 'birth_date'],
  title: ['ten_van_bang', 'van_bang', 'title'],
  awarded: ['ngay_cap', 'awarded'],
  classification: ['xep_loai', 'classification'],
  file: ['tep', 'file'],
}

/** The lines below the header row; or the names of the columns that are missing. */
export function readApplicants(rows: readonly (readonly string[])[]): Applicant[] | { missing: string[] } {
  const at = rows.findIndex(row => row.map(plainName).some(name => columns.soHieu.includes(name) || columns.file.includes(name)))
  const header = rows[at]?.map(plainName) ?? []
  const places = Object.fromEntries(
    Object.entries(columns).map(([field, names]) => [field, header.findIndex(name => names.includes(name))]),
  ) as Record<keyof Applicant, number>
  const needed = (places.file >= 0 ? [] : ['agency', 'soHieu', 'ngaySinh']) as (keyof Applicant)[]
  const missing = needed.filter(field => places[field] < 0).map(field => columns[field][0]!)
  if (at < 0 || missing.length > 0) return { missing: missing.length > 0 ? missing : ['so_hieu'] }
  return rows.slice(at + 1).map(row => {
    const value = (field: keyof Applicant) => (places[field] < 0 ? '' : (row[places[field]] ?? ''))
    return {
      name: value('name'),
      agency: value('agency'),
      soHieu: value('soHieu'),
      ngaySinh: dateText(value('ngaySinh')),
      title: value('title'),
      awarded: dateText(value('awarded')),
      classification: value('classification'),
      file: value('file'),
    }
  })
}

/** The file of a line: named in it, or with its number in the name. */
export function fileOf(applicant: Applicant, files: readonly File[]): File | undefined {
  const named = applicant.file && files.find(file => plainText(file.name) === plainText(applicant.file))
  if (named) return named
  const number = plainText(applicant.soHieu).replace(/[^a-z0-9]/g, '')
  return number.length >= 4
    ? files.find(file =>
        plainText(file.name)
          .replace(/[^a-z0-9]/g, '')
          .includes(number),
      )
    : undefined
}

/** 'Số hiệu *' -> 'so_hieu'. */
export function plainName(header: string): string {
  return plainText(header)
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
}

function plainText(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').replace(/đ/gi, 'd').toLowerCase().trim()
}

/** A spreadsheet's serial number (days since 1899-12-30) as `YYYY-MM-DD`; any other text as it is. */
function dateText(text: string): string {
  const serial = /^\d{5}(\.0*)?$/.test(text) ? Number(text) : Number.NaN
  return Number.isNaN(serial) ? text : new Date((serial - 25_569) * 86_400_000).toISOString().slice(0, 10)
}
