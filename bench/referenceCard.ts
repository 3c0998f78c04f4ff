import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { CardClaims } from '../core/credential/card.ts'
import type { P256Jwk } from '../core/crypto/coreCrypto.ts'
import { parseAgencyCode } from '../core/identity/agencyCode.ts'
import { makeCardSerial } from '../core/identity/cardSerial.ts'

/** The reference card of formats 1: a 29-character Vietnamese name, a 19-character position, both agency codes. */
export const referenceCard: CardClaims = {
  iss: parseAgencyCode('G09'),
  iat: 1_767_200_400,
  exp: 1_924_966_799,
  cti: Uint8Array.from({ length: 16 }, (_, i) => 16 * i + 7),
  card: {
    serial: makeCardSerial(parseAgencyCode('G09'), 2026, 123),
    fullName: 'Nguyễn Thị Hoàng Phương Khánh',
    position: 'Chuyên viên cao cấp',
    usingAgency: parseAgencyCode('G09.12.04'),
    category: 1,
    photo: createHash('sha256').update('photo').digest().subarray(0, 16),
    status: { list: 12, idx: 100_000 },
  },
}

/** The 26-character prefix of formats 1. */
export const referenceOrigin = 'https://the.moha.gov.vn'

/** A key pair for benchmarks and its raw signer: bare KeyObject, DER out. */
export function benchKey(): { privateKey: KeyObject; publicKey: KeyObject; jwk: P256Jwk; signDer: (message: Uint8Array) => Uint8Array } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    privateKey,
    publicKey,
    jwk: publicKey.export({ format: 'jwk' }) as P256Jwk,
    signDer: message => sign('sha256', message, privateKey),
  }
}
