import { type CborValue, decodeCbor } from '../encoding/strictCbor.ts'
import { AppError } from '../errors.ts'
import { type AgencyCode, isAgencyCode } from '../identity/agencyCode.ts'

/** Labels of the registered claims in use (RFC 8392 4). */
export const cwtLabels = { iss: 1, exp: 4, iat: 6, cti: 7 } as const

/** The last second of the year 9999: later times have no calendar date of four digits. */
export const maxTime = 253_402_300_799

export interface CwtClaims {
  readonly iss: AgencyCode
  /** Seconds since 1970-01-01 UTC. */
  readonly iat: number
  /** Seconds since 1970-01-01 UTC. */
  readonly exp?: number
  /** 16 random bytes; leaves the credential nowhere. */
  readonly cti: Uint8Array
}

/** The registered claims of a CWT claims set in deterministic CBOR, and the whole set. Throws `format.cbor`, `format.claims`. */
export function parseCwt(payload: Uint8Array): { claims: CwtClaims; set: ReadonlyMap<CborValue, CborValue> } {
  let set: CborValue
  try {
    set = decodeCbor(payload)
  } catch (cause) {
    throw new AppError('format.cbor', cause instanceof AppError ? cause.detail : undefined, { cause })
  }
  if (!(set instanceof Map)) throw new AppError('format.claims', 'The payload is no claims set')
  return { claims: registeredClaims(set), set }
}

/** The registered claims of a claims set, which may hold others. Throws `format.claims`. */
export function registeredClaims(set: ReadonlyMap<CborValue, CborValue>): CwtClaims {
  for (const label of set.keys()) {
    if (typeof label !== 'number' && typeof label !== 'string') throw new AppError('format.claims', 'A claim label is no integer or text')
  }
  const iss = set.get(cwtLabels.iss)
  if (typeof iss !== 'string' || !isAgencyCode(iss)) throw new AppError('format.claims', 'iss is no agency code')
  const cti = set.get(cwtLabels.cti)
  if (!(cti instanceof Uint8Array) || cti.length !== 16) throw new AppError('format.claims', 'cti is not 16 bytes')
  const iat = timeOf(set, cwtLabels.iat)
  return set.has(cwtLabels.exp) ? { iss, iat, exp: timeOf(set, cwtLabels.exp), cti } : { iss, iat, cti }
}

function timeOf(set: ReadonlyMap<CborValue, CborValue>, label: number): number {
  const time = set.get(label)
  if (typeof time !== 'number' || time < 0 || time > maxTime) throw new AppError('format.claims', 'iat or exp is no time')
  return time
}
