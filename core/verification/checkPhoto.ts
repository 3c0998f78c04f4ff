import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { equalBytes } from '../encoding/bytes.ts'
import type { JudgedCredential } from './readCredential.ts'
import type { Check } from './report.ts'

const notGiven: Check = { name: 'photo', outcome: 'not-applicable', code: 'photo.not-given', detail: '' }

/** The check `photo`: is the JPEG the one that a card's field 6 names (formats 8). */
export function checkPhoto({ claims }: JudgedCredential, jpeg: Uint8Array | undefined, crypto: CoreCrypto): Check | Promise<Check> {
  return jpeg === undefined || !claims.card ? notGiven : compare(claims.card.photo, jpeg, crypto)
}

async function compare(named: Uint8Array | undefined, jpeg: Uint8Array, crypto: CoreCrypto): Promise<Check> {
  const digest = await crypto.sha256(jpeg)
  return named && equalBytes(named, digest.subarray(0, 16))
    ? { name: 'photo', outcome: 'passed', code: 'photo.matches', detail: '' }
    : { name: 'photo', outcome: 'failed', code: 'photo.differs', detail: '' }
}
