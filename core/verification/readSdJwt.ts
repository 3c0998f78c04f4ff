import { basisCount } from '../credential/diploma.ts'
import { isPartialDate } from '../credential/partialDate.ts'
import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { decodeBase64url } from '../encoding/base64url.ts'
import { AppError } from '../errors.ts'
import { type AgencyCode, isAgencyCode } from '../identity/agencyCode.ts'
import { categories } from '../identity/category.ts'
import { selectiveNames, type VcKind } from '../sd-jwt/credentialTypes.ts'
import { disclosedClaims } from '../sd-jwt/disclosedClaims.ts'
import { maxSdJwtLength, type ParsedSdJwt, readSdJwtText } from '../sd-jwt/parse.ts'
import type { JudgedCredential } from './readCredential.ts'
import type { Check } from './report.ts'

/** An SD-JWT VC as far as it can be read, its disclosures matched with their digests. Nothing of it is verified. */
export interface ReadSdJwt extends JudgedCredential {
  readonly parsed: ParsedSdJwt
  /** The claims that the holder chose to show, by the names of the type metadata. */
  readonly disclosed: Readonly<Record<string, string | number>>
  /** URL of the status list, as signed. */
  readonly statusUri: string
}

const kinds = { 'civil-servant-card': 'card', diploma: 'diploma' } as const satisfies Record<VcKind, string>
const always = new Set(['iss', 'vct', 'iat', 'exp', 'jti', 'agency_code', 'status', 'cnf'])
/** The last second of the year 9999. */
const maxTime = 253_402_300_799
const passed: Check = { name: 'format', outcome: 'passed', code: 'format.passed', detail: '' }

/** The check `format` of an SD-JWT VC (formats 2, RFC 9901 7.1), and the credential unless it failed. Never throws. */
export async function readSdJwt(
  text: string,
  expected: 'card' | 'diploma' | undefined,
  crypto: CoreCrypto,
): Promise<{ check: Check; credential: ReadSdJwt | null }> {
  try {
    const parsed = readSdJwtText(text)
    const { credential, newer } = credentialOf(parsed, await disclosedClaims(parsed.jwt.payload, parsed.disclosures, crypto))
    if (expected && credential.kind !== expected)
      return { check: { name: 'format', outcome: 'failed', code: 'format.kind', detail: credential.kind ?? '' }, credential: null }
    return { check: newer.length === 0 ? passed : newerCheck(newer.join(', ')), credential }
  } catch (error) {
    const known = error instanceof AppError ? error : new AppError('format.jwt')
    const isTooLarge = known.code === 'format.cap'
    const detail = isTooLarge ? String(maxSdJwtLength) : `${known.code}: ${known.detail}`
    return {
      check: { name: 'format', outcome: 'failed', code: isTooLarge ? 'format.too-large' : 'format.malformed', detail },
      credential: null,
    }
  }
}

function newerCheck(detail: string): Check {
  return { name: 'format', outcome: 'unavailable', code: 'format.newer', detail }
}

/** Throws `format.jwt` for a claim that is missing or of another form. */
function credentialOf(parsed: ParsedSdJwt, claims: Readonly<Record<string, unknown>>): { credential: ReadSdJwt; newer: string[] } {
  const { payload, payloadBytes, header } = parsed.jwt
  // What a verifier acts on is never selectively disclosed (SD-JWT VC 3.2.2.2).
  for (const name of [...always, 'nbf']) if (Object.hasOwn(claims, name) !== Object.hasOwn(payload, name)) throw broken(name)
  const { iss, vct, iat, exp, agency_code: code } = claims
  if (typeof code !== 'string' || !isAgencyCode(code)) throw broken('agency_code')
  if (typeof iss !== 'string' || !iss.endsWith(`/agencies/${code}`)) throw broken('iss')
  const type = typeof vct === 'string' ? /\/vct\/([a-z-]{1,40})\/(\d{1,4})$/.exec(vct) : null
  if (!type) throw broken('vct')
  // A later version of a known type is judged as that type: what is always disclosed is the same.
  const vcKind = (Object.keys(kinds) as VcKind[]).find(one => one === type[1])
  const isKnownType = vcKind !== undefined && type[2] === '1'
  if (!isTime(iat) || (exp !== undefined && !isTime(exp))) throw broken('iat or exp')
  if (vcKind === 'civil-servant-card' && exp === undefined) throw broken('exp')
  const { idx, uri } = statusOf(claims.status)
  const list = /\/status-lists\/(0|[1-9]\d{0,9})$/.exec(uri)
  if (!list) throw broken('status')

  const newer = [...parsed.newer, ...(isKnownType ? [] : ['vct'])]
  const disclosed: Record<string, string | number> = {}
  const selective = isKnownType ? selectiveNames(vcKind) : []
  for (const [name, value] of Object.entries(claims)) {
    if (always.has(name) || !isKnownType) continue
    if (!selective.includes(name) || isNewerValue(name, value)) newer.push(name.slice(0, 40))
    else disclosed[name] = selectiveValue(name, value)
  }
  const status = { list: Number(list[1]), idx }
  const registered = { iss: code satisfies AgencyCode, iat, ...(exp === undefined ? {} : { exp }) }
  const kind = vcKind && kinds[vcKind]
  return {
    newer,
    credential: {
      kind,
      kid: bytesOf(header.kid, 8, 'kid'),
      payload: payloadBytes,
      claims: {
        ...registered,
        ...(kind === 'card' ? { card: { status, ...digestOf('photo', disclosed.photo, 16) } } : {}),
        ...(kind === 'diploma' ? { diploma: { status, ...digestOf('document', disclosed.document, 32) } } : {}),
      },
      parsed,
      disclosed,
      statusUri: uri,
    },
  }
}

function statusOf(status: unknown): { idx: number; uri: string } {
  const list = isObject(status) ? status.status_list : undefined
  const { idx, uri } = isObject(list) ? list : {}
  if (!Number.isSafeInteger(idx) || (idx as number) < 0 || typeof uri !== 'string') throw broken('status')
  return { idx: idx as number, uri }
}

/** Whether a value is one past the last that this version knows (formats, preamble). */
function isNewerValue(name: string, value: unknown): boolean {
  if (name === 'basis') return Number.isSafeInteger(value) && (value as number) >= basisCount
  return name === 'category' && typeof value === 'string' && value !== '' && !categories.some(known => known === value)
}

function selectiveValue(name: string, value: unknown): string | number {
  const isRight =
    name === 'basis'
      ? Number.isSafeInteger(value) && (value as number) >= 0
      : typeof value === 'string' && value !== '' && (!['birth_date', 'awarded'].includes(name) || isPartialDate(value))
  if (!isRight) throw broken(name)
  return value as string | number
}

function digestOf<Name extends string>(name: Name, text: string | number | undefined, length: number): { [N in Name]?: Uint8Array } {
  return text === undefined ? {} : ({ [name]: bytesOf(text, length, name) } as { [N in Name]?: Uint8Array })
}

function bytesOf(text: unknown, length: number, name: string): Uint8Array {
  let bytes: Uint8Array | undefined
  try {
    bytes = typeof text === 'string' ? decodeBase64url(text) : undefined
  } catch {
    // said below
  }
  if (bytes?.length !== length) throw broken(name)
  return bytes
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= maxTime
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function broken(name: string): AppError {
  return new AppError('format.jwt', name)
}
