import type { SdJwtToIssue } from '../core/sd-jwt/issue.ts'

/** An SD-JWT VC with eight disclosures; `iat` in seconds. */
export function sdJwtToIssue(iat: number): SdJwtToIssue {
  return {
    header: { kid: 'AAAAAAAAAAA' },
    claims: {
      iss: 'https://the.moha.gov.vn/agencies/G09',
      vct: 'https://the.moha.gov.vn/vct/civil-servant-card/1',
      iat,
      exp: iat + 365 * 24 * 3600,
      jti: 'Zk3v1mQx0b3pUO2dCk0lXw',
      agency_code: 'G09',
      status: { status_list: { idx: 100_000, uri: 'https://the.moha.gov.vn/agencies/G09/status-lists/12' } },
    },
    selective: {
      serial: 'G09-26-0000123-2',
      full_name: 'Nguyễn Thị Hoàng Phương Khánh',
      birth_date: '1985-03-08',
      position: 'Chuyên viên cao cấp',
      category: 'CC',
      unit: 'Vụ Tổ chức – Biên chế',
      photo: 'y9Tfn1Xm3a7bq0sVwE6l4g',
      email: 'khanh.nth@the.moha.gov.vn',
    },
  }
}
