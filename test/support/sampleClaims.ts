import type { CardClaims } from '../../core/credential/card.ts'
import type { DiplomaClaims } from '../../core/credential/diploma.ts'
import { fromHex } from '../../core/encoding/bytes.ts'
import { parseAgencyCode } from '../../core/identity/agencyCode.ts'
import { makeCardSerial } from '../../core/identity/cardSerial.ts'

/** The worked example of `docs/formats.md`: the reference card of formats 1. */
export const sampleCard: CardClaims = {
  iss: parseAgencyCode('G09'),
  iat: 1_767_200_400,
  exp: 1_924_966_799,
  cti: fromHex('000102030405060708090a0b0c0d0e0f'),
  card: {
    serial: makeCardSerial(parseAgencyCode('G09'), 2026, 123),
    fullName: 'Nguyễn Thị Hoàng Phương Khánh',
    position: 'Chuyên viên cao cấp',
    usingAgency: parseAgencyCode('G09.12.04'),
    category: 1,
    photo: fromHex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff'),
    status: { list: 12, idx: 100_000 },
  },
}

/** The worked example of a diploma, with every field. */
export const sampleDiploma: DiplomaClaims = {
  iss: parseAgencyCode('G03.05'),
  iat: 1_767_200_400,
  cti: fromHex('101112131415161718191a1b1c1d1e1f'),
  diploma: {
    number: 'QH-2026-0042',
    holderName: 'Trần Văn Đức',
    title: 'Bằng tốt nghiệp đại học',
    field: 'Công nghệ thông tin',
    awarded: '2026-06-30',
    classification: 'Giỏi',
    status: { list: 3, idx: 77 },
    document: fromHex('ab'.repeat(32)),
    registerNumber: '1234/VBCC',
    birthDate: '2003-11',
    institutionThen: 'Trường Đại học Tổng hợp',
    basis: 1,
  },
}
