import type { P256Jwk } from '../crypto/coreCrypto.ts'
import type { AgencyCode } from '../identity/agencyCode.ts'

export const vcKinds = ['civil-servant-card', 'diploma'] as const
export type VcKind = (typeof vcKinds)[number]

/** The `vct` of a kind; its type metadata are served there. `origin` is that of PUBLIC_URL. */
export function vctOf(origin: string, kind: VcKind): string {
  return `${origin}/vct/${kind}/1`
}

/** The `iss` of an agency, which the URI SAN of its leaf certificate equals. */
export function issuerUrl(origin: string, code: AgencyCode): string {
  return `${origin}/agencies/${code}`
}

/** The document at `/.well-known/jwt-vc-issuer/agencies/CODE`; `keys` are those that sign now, `kid` in b64u (SD-JWT VC 5). */
export function jwtVcIssuerMetadata(issuer: string, keys: readonly { kid: string; jwk: P256Jwk }[]): object {
  return { issuer, jwks: { keys: keys.map(({ kid, jwk }) => ({ ...jwk, kid, alg: 'ES256', use: 'sig' })) } }
}

type Label = readonly [vi: string, en: string]

const names: Record<VcKind, Label> = {
  'civil-servant-card': ['Thẻ cán bộ, công chức, viên chức', 'Civil servant card'],
  diploma: ['Văn bằng, chứng chỉ', 'Diploma or certificate'],
}

const always: Record<string, Label> = { agency_code: ['Mã cơ quan cấp', 'Issuing agency'], exp: ['Hết hạn', 'Expires'] }

const selective: Record<VcKind, Record<string, Label>> = {
  'civil-servant-card': {
    serial: ['Số thẻ', 'Card serial'],
    full_name: ['Họ và tên', 'Full name'],
    birth_date: ['Ngày sinh', 'Date of birth'],
    position: ['Chức vụ, chức danh', 'Position'],
    category: ['Loại', 'Category'],
    unit: ['Cơ quan sử dụng', 'Using agency'],
    photo: ['Mã băm ảnh', 'Photo digest'],
  },
  diploma: {
    number: ['Số hiệu', 'Number'],
    register_number: ['Số vào sổ gốc', 'Register number'],
    holder_name: ['Họ và tên', 'Full name'],
    birth_date: ['Ngày sinh', 'Date of birth'],
    title: ['Tên văn bằng, chứng chỉ', 'Title'],
    field: ['Ngành đào tạo', 'Field of study'],
    classification: ['Xếp loại', 'Classification'],
    awarded: ['Ngày cấp', 'Awarded'],
    institution_then: ['Cơ sở đào tạo khi cấp', 'Institution at that time'],
    basis: ['Căn cứ ghi nhận', 'Basis of registration'],
    document: ['Mã băm tệp', 'Document digest'],
  },
}

/** Names of the claims that a holder discloses one by one. */
export function selectiveNames(kind: VcKind): readonly string[] {
  return Object.keys(selective[kind])
}

/** What people call a claim that the holder disclosed. */
export function claimLabel(kind: 'card' | 'diploma', name: string, language: 'vi' | 'en'): string {
  const label = selective[kind === 'card' ? 'civil-servant-card' : 'diploma'][name]
  return label?.[language === 'vi' ? 0 : 1] ?? name
}

/** The SD-JWT VC type metadata of a kind, served at its `vct` (SD-JWT VC 6). */
export function typeMetadata(origin: string, kind: VcKind): object {
  const claims = [
    ...Object.entries(always).map(([name, label]) => claimMetadata(name, label, 'never')),
    ...Object.entries(selective[kind]).map(([name, label]) => claimMetadata(name, label, 'always')),
  ]
  const [vi, en] = names[kind]
  const display = [
    { locale: 'vi', name: vi },
    { locale: 'en', name: en },
  ]
  return { vct: vctOf(origin, kind), name: en, display, claims }
}

function claimMetadata(name: string, [vi, en]: Label, sd: 'always' | 'never'): object {
  return {
    path: [name],
    display: [
      { locale: 'vi', label: vi },
      { locale: 'en', label: en },
    ],
    sd,
  }
}
