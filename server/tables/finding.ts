/** What was found in a cell of an imported sheet. A refused row is not imported; a warning is for the approver; a repair says what was changed. */
export interface Finding {
  code: FindingCode
  /** The column's own name (`so_dinh_danh`). */
  column: string
  /** What stood in the cell, at most 120 characters. */
  value: string
  /** What it was repaired to. */
  to?: string
  /** What the sentence needs beside the value: a row, an agency, a bound. */
  other?: string
}

export type Severity = 'refused' | 'warning' | 'repaired'

interface Kind {
  severity: Severity
  /** Sentences with `{column}`, `{value}`, `{to}`, `{other}`: what is wrong and how to mend it. */
  vi: string
  en: string
}

/** Every finding there is. Codes are stable: programs that read the API and people who keep lists rely on them. */
export const findings = {
  'import.required': refused('Cột {column} đang trống: hãy điền vào.', 'Column {column} is empty: fill it in.'),
  'import.formula-error': refused(
    'Cột {column} chứa lỗi công thức "{value}": hãy nhập giá trị thật.',
    'Column {column} holds the formula error "{value}": enter the real value.',
  ),
  'import.text.length': refused(
    'Cột {column}: "{value}" quá dài, tối đa {other} ký tự: hãy rút gọn.',
    'Column {column}: "{value}" is too long, at most {other} characters: shorten it.',
  ),
  'import.text.control': refused(
    'Cột {column}: "{value}" có ký tự điều khiển không in được: hãy gõ lại ô này.',
    'Column {column}: "{value}" holds control characters that cannot be printed: type the cell again.',
  ),
  'import.text.markup': refused(
    'Cột {column}: "{value}" có thẻ HTML: hãy xóa phần nằm trong dấu < >.',
    'Column {column}: "{value}" holds markup: remove what stands between < and >.',
  ),
  'import.text.formula': warning(
    'Cột {column}: "{value}" giống công thức; được giữ nguyên là chữ và không bao giờ được tính. Hãy xem lại.',
    'Column {column}: "{value}" looks like a formula; it is kept as text and never evaluated. Check it.',
  ),
  'import.text.spaces': repaired(
    'Cột {column}: đã bỏ dấu cách thừa, thành "{to}".',
    'Column {column}: superfluous spaces were removed: "{to}".',
  ),
  'import.text.composed': repaired(
    'Cột {column}: chữ có dấu viết rời (Unicode tổ hợp) đã được ghép lại thành "{to}".',
    'Column {column}: decomposed Unicode was composed: "{to}".',
  ),
  'import.personal-number.digits': refused(
    'Cột {column}: "{value}" không phải số định danh 12 chữ số (có {other} chữ số): hãy nhập đủ 12 số, định dạng ô là Văn bản (Text).',
    'Column {column}: "{value}" is not a personal number of 12 digits (it has {other}): enter all 12 in a text cell.',
  ),
  'import.personal-number.old-id': refused(
    'Cột {column}: "{value}" là CMND 9 số: cần số định danh 12 số.',
    'Column {column}: "{value}" is an old identity card number of 9 digits: the personal number of 12 digits is needed.',
  ),
  'import.personal-number.padded': repaired(
    'Cột {column}: "{value}" bị mất số 0 ở đầu, đã khôi phục thành {to}.',
    'Column {column}: "{value}" had lost its leading zeros and became {to}.',
  ),
  'import.personal-number.separators': repaired(
    'Cột {column}: đã bỏ dấu cách, dấu chấm trong "{value}", thành {to}.',
    'Column {column}: spaces and points in "{value}" were removed: {to}.',
  ),
  'import.personal-number.province': warning(
    'Cột {column}: ba số đầu của {value} không phải mã tỉnh, thành: hãy đối chiếu với căn cước.',
    'Column {column}: the first three digits of {value} are no province code: compare with the identity card.',
  ),
  'import.personal-number.century': warning(
    'Cột {column}: thế kỷ sinh trong số định danh không khớp ngày sinh "{value}": hãy đối chiếu với căn cước.',
    'Column {column}: the century in the personal number does not fit the birth date "{value}": compare with the identity card.',
  ),
  'import.personal-number.year': warning(
    'Cột {column}: năm sinh trong số định danh không khớp ngày sinh "{value}": hãy đối chiếu với căn cước.',
    'Column {column}: the year in the personal number does not fit the birth date "{value}": compare with the identity card.',
  ),
  'import.personal-number.gender': warning(
    'Cột {column}: giới tính "{value}" không khớp số định danh: hãy đối chiếu với căn cước.',
    'Column {column}: the gender "{value}" does not fit the personal number: compare with the identity card.',
  ),
  'import.name.characters': refused(
    'Cột {column}: "{value}" có ký tự không dùng trong họ tên ({other}): chỉ dùng chữ cái, dấu cách, \' . -',
    'Column {column}: "{value}" holds what no name has ({other}): use letters, spaces, \' . - only.',
  ),
  'import.name.one-word': warning(
    'Cột {column}: "{value}" chỉ có một chữ: hãy kiểm tra đã đủ họ và tên.',
    'Column {column}: "{value}" is one word: check that the name is whole.',
  ),
  'import.name.upper-case': warning(
    'Cột {column}: "{value}" viết toàn chữ hoa, sẽ in đúng như vậy trên thẻ.',
    'Column {column}: "{value}" is all capitals and will be printed so.',
  ),
  'import.name.unusual': warning(
    'Cột {column}: "{value}" có chữ cái không dùng trong tiếng Việt ({other}); có thể tệp dùng phông TCVN3 hoặc VNI. Hãy xem lại.',
    'Column {column}: "{value}" holds letters that Vietnamese does not use ({other}); the file may be in a TCVN3 or VNI font. Check it.',
  ),
  'import.date.form': refused(
    'Cột {column}: "{value}" không phải ngày: hãy ghi ngày/tháng/năm đủ bốn số, ví dụ 23/08/1990.',
    'Column {column}: "{value}" is not a date: write day/month/year with four digits, such as 23/08/1990.',
  ),
  'import.date.impossible': refused(
    'Cột {column}: ngày "{value}" không có trong lịch: hãy sửa lại ngày hoặc tháng.',
    'Column {column}: "{value}" is no day of the calendar: correct the day or the month.',
  ),
  'import.date.range': refused(
    'Cột {column}: ngày "{value}" nằm ngoài khoảng {other}: hãy sửa lại.',
    'Column {column}: "{value}" is outside {other}: correct it.',
  ),
  'import.date.serial': repaired(
    'Cột {column}: số "{value}" là ngày ở dạng số của bảng tính, đã đổi thành {to}.',
    'Column {column}: "{value}" is a spreadsheet\'s serial date and became {to}.',
  ),
  'import.date.age': warning(
    'Cột {column}: sinh ngày "{value}" thì nay {other} tuổi: hãy xem lại.',
    'Column {column}: born on "{value}" means {other} years old now: check it.',
  ),
  'import.gender.value': refused(
    'Cột {column}: "{value}" không phải giới tính: ghi Nam hoặc Nữ.',
    'Column {column}: "{value}" is no gender: write Nam or Nữ.',
  ),
  'import.agency.form': refused(
    'Cột {column}: "{value}" không đúng dạng mã đơn vị, ví dụ G09.03.',
    'Column {column}: "{value}" is not an agency code, such as G09.03.',
  ),
  'import.agency.unknown': refused(
    'Cột {column}: chưa có đơn vị "{value}": hãy sửa mã, hoặc nhập đơn vị trước.',
    'Column {column}: there is no agency "{value}": correct the code, or import the agency first.',
  ),
  'import.agency.ended': refused(
    'Cột {column}: đơn vị "{value}" đã chấm dứt{other}: hãy ghi mã đơn vị hiện nay.',
    'Column {column}: the agency "{value}" has ended{other}: write the code of the present one.',
  ),
  'import.agency.case': repaired('Cột {column}: mã "{value}" đã viết lại thành {to}.', 'Column {column}: "{value}" was written as {to}.'),
  'import.agency.old-code': repaired(
    'Cột {column}: mã cũ "{value}" (QCVN 102) đã đổi thành {to}.',
    'Column {column}: the old code "{value}" (QCVN 102) became {to}.',
  ),
  'import.agency.level-one': warning(
    'Cột {column}: "{value}" không có trong bảng mã cấp 1 (QĐ 20/2020): hãy đối chiếu quyết định mới nhất.',
    'Column {column}: "{value}" is not in the table of level-1 codes (QĐ 20/2020): compare with the newest decision.',
  ),
  'import.category.value': refused(
    'Cột {column}: "{value}" không phải loại: ghi CB, CC, VC, XA, XA0 hoặc HĐ.',
    'Column {column}: "{value}" is no category: write CB, CC, VC, XA, XA0 or HĐ.',
  ),
  'import.category.alias': repaired(
    'Cột {column}: loại "{value}" được hiểu là {to}.',
    'Column {column}: category "{value}" is taken as {to}.',
  ),
  'import.rank.form': warning(
    'Cột {column}: "{value}" không đúng dạng mã ngạch, ví dụ 01.003 hoặc V.07.01.02: hãy xem lại.',
    'Column {column}: "{value}" does not look like a rank code, such as 01.003 or V.07.01.02: check it.',
  ),
  'import.rank.padded': repaired(
    'Cột {column}: mã ngạch "{value}" bị mất số 0, đã khôi phục thành {to}.',
    'Column {column}: the rank code "{value}" had lost zeros and became {to}.',
  ),
  'import.email.form': warning(
    'Cột {column}: "{value}" không phải địa chỉ thư, nên không được nhập: hãy sửa và nhập lại.',
    'Column {column}: "{value}" is no e-mail address and is left out: correct it and import again.',
  ),
  'import.duplicate': refused(
    'Cột {column}: người này đã có ở dòng {other} với dữ liệu khác: giữ một dòng đúng.',
    'Column {column}: this person is already in row {other} with other data: keep the right row only.',
  ),
  'import.repeated': repaired(
    'Dòng này giống hệt dòng {other} nên chỉ tính một lần.',
    'This row is the same as row {other} and counts once.',
  ),
  'import.number-shared': warning(
    'Cột {column}: số hiệu "{value}" cũng có ở dòng {other}: hãy kiểm tra.',
    'Column {column}: the number "{value}" also stands in row {other}: check it.',
  ),
  'import.other-agency': refused(
    'Người này hoặc đơn vị {value} thuộc cơ quan khác ({other}) nên không được ghi: hãy chuyển cho cơ quan đó.',
    'This person or the agency {value} belongs to another agency ({other}) and is not written: pass it on to them.',
  ),
  'import.photo.missing': warning(
    'Cột {column}: chưa có ảnh "{value}"; nhập được, nhưng chưa đề nghị cấp thẻ được.',
    'Column {column}: there is no photo "{value}"; the person is imported, but no card can be requested yet.',
  ),
  'import.photo.none': warning(
    'Chưa có ảnh; nhập được, nhưng chưa đề nghị cấp thẻ được.',
    'There is no photo; the person is imported, but no card can be requested yet.',
  ),
  'import.photo.refused': warning(
    'Cột {column}: ảnh "{value}" không dùng được ({other}): hãy thay ảnh khác.',
    'Column {column}: the photo "{value}" cannot be used ({other}): replace it.',
  ),
  'import.photo.small': warning(
    'Cột {column}: ảnh "{value}" chỉ có {other} điểm ảnh, in ra sẽ mờ: nên có 300 × 400 trở lên.',
    'Column {column}: the photo "{value}" has only {other} pixels and will print blurred: 300 × 400 or more is better.',
  ),
  'import.parent.unknown': refused(
    'Cột {column}: không có đơn vị cấp trên "{value}" trong hệ thống hay trong tệp.',
    'Column {column}: there is no parent agency "{value}" in the system or in the file.',
  ),
  'import.parent.cycle': refused(
    'Cột {column}: "{value}" khiến đơn vị nằm dưới chính nó: hãy sửa đơn vị cấp trên.',
    'Column {column}: "{value}" puts the agency below itself: correct the parent.',
  ),
  'import.old-code.form': warning(
    'Cột {column}: "{value}" không đúng dạng mã cũ QCVN 102, ví dụ 000.00.03.G09.',
    'Column {column}: "{value}" does not look like an old code of QCVN 102, such as 000.00.03.G09.',
  ),
  'import.diploma.number': refused(
    'Văn bằng cần số hiệu hoặc số vào sổ: cả hai cột đang trống.',
    'A diploma needs a number or a register number: both columns are empty.',
  ),
  'import.diploma.number-missing': warning(
    'Cột {column}: không có số hiệu; văn bằng được nhận theo số vào sổ "{other}".',
    'Column {column}: no number; the diploma is known by its register number "{other}".',
  ),
  'import.diploma.date-partial': warning(
    'Cột {column}: "{value}" chỉ có {other}; được giữ đúng như vậy.',
    'Column {column}: "{value}" has only {other}; it is kept so.',
  ),
  'import.diploma.birth-date-missing': warning(
    'Cột {column}: không có ngày sinh; không tra cứu được bằng ngày sinh.',
    'Column {column}: no birth date; the diploma cannot be looked up by it.',
  ),
  'import.diploma.order': refused(
    'Cột {column}: ngày cấp "{value}" không sau ngày sinh "{other}".',
    'Column {column}: awarded on "{value}", which is not after the birth date "{other}".',
  ),
  'import.diploma.expiry-order': refused(
    'Cột {column}: hết hạn "{value}" trước ngày cấp "{other}": hãy sửa một trong hai.',
    'Column {column}: it expires "{value}", before the award "{other}": correct one of the two.',
  ),
  'import.diploma.expired': warning(
    'Cột {column}: "{value}" đã qua; khi kiểm tra sẽ báo hết hiệu lực.',
    'Column {column}: "{value}" is over; whoever verifies it is told that it has expired.',
  ),
  'import.diploma.basis': refused(
    'Cột {column}: "{value}" không phải căn cứ: ghi "khi cấp", "sổ gốc", "bản chính" hoặc "bản sao".',
    'Column {column}: "{value}" is no basis: write "khi cấp" (at award), "sổ gốc" (register), "bản chính" (original) or "bản sao" (copy).',
  ),
  'import.diploma.file-missing': refused(
    'Cột {column}: không có tệp "{value}" trong thư mục hoặc tệp nén.',
    'Column {column}: there is no file "{value}" in the folder or archive.',
  ),
  'import.diploma.file-empty': refused(
    'Cột {column}: tệp "{value}" rỗng (0 byte): hãy quét hoặc chép lại tệp.',
    'Column {column}: the file "{value}" is empty (0 bytes): scan or copy it again.',
  ),
  'import.diploma.file-ambiguous': refused(
    'Cột {column}: có nhiều tệp khác nhau cùng tên "{value}": hãy ghi cả thư mục, ví dụ "2024/{value}".',
    'Column {column}: several different files have the name "{value}": write the folder too, such as "2024/{value}".',
  ),
  'import.diploma.file-not-given': warning(
    'Cột {column}: không kèm tệp "{value}"; văn bằng sẽ đăng ký mà không có dấu vân của tệp.',
    'Column {column}: the file "{value}" was not given; the diploma is registered without a file.',
  ),
} as const satisfies Record<string, Kind>

export type FindingCode = keyof typeof findings

export function severityOf(code: FindingCode): Severity {
  return findings[code].severity
}

/** The finding as a sentence, in Vietnamese or English: the column as its file heads it, the value shown, how to mend. */
export function findingSentence(finding: Finding, language: 'vi' | 'en', header = finding.column): string {
  const words = { ...finding, column: header }
  return findings[finding.code][language].replace(
    /\{(column|value|to|other)\}/g,
    (_, name: 'column' | 'value' | 'to' | 'other') => words[name] ?? '',
  )
}

function refused(vi: string, en: string): Kind {
  return { severity: 'refused', vi, en }
}

function warning(vi: string, en: string): Kind {
  return { severity: 'warning', vi, en }
}

function repaired(vi: string, en: string): Kind {
  return { severity: 'repaired', vi, en }
}
