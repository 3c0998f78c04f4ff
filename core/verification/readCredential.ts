import { type CwtClaims, parseCwt } from '../cose/cwt.ts'
import { parseSign1, type Sign1 } from '../cose/sign1.ts'
import type { CardClaims } from '../credential/card.ts'
import type { DiplomaClaims } from '../credential/diploma.ts'
import { maxSealedLength, readSealed } from '../credential/sealed.ts'
import { AppError } from '../errors.ts'
import type { Check } from './report.ts'

/** What the checks need of a credential, sealed or SD-JWT VC; `kind` is undefined for a kind of a later version. Nothing of it is verified. */
export interface JudgedCredential {
  readonly kind: 'card' | 'diploma' | undefined
  /** 8 bytes. */
  readonly kid: Uint8Array
  /** What the log's digest is over. */
  readonly payload: Uint8Array
  readonly claims: Pick<CwtClaims, 'iss' | 'iat' | 'exp'> & {
    readonly card?: Pick<CardClaims['card'], 'usingAgency' | 'photo' | 'status'>
    readonly diploma?: Pick<DiplomaClaims['diploma'], 'document' | 'status'>
  }
}

/** A sealed credential as far as it can be read. */
export interface ReadCredential extends Sign1 {
  readonly kind: 'card' | 'diploma' | undefined
  readonly claims: CwtClaims & { readonly card?: CardClaims['card']; readonly diploma?: DiplomaClaims['diploma'] }
}

const passed: Check = { name: 'format', outcome: 'passed', code: 'format.passed', detail: '' }

/** The check `format`, and the credential unless it failed. Never throws. */
export function readCredential(
  bytes: Uint8Array,
  expected: 'card' | 'diploma' | undefined,
): { check: Check; credential: ReadCredential | null } {
  let credential: ReadCredential
  try {
    credential = readSealed(bytes)
  } catch (error) {
    const kindless = isNewer(error) ? readKindless(bytes) : null
    return kindless ? { check: newer(kindless), credential: kindless } : { check: failed(error), credential: null }
  }
  if (expected && credential.kind !== expected) {
    return { check: { name: 'format', outcome: 'failed', code: 'format.kind', detail: credential.kind ?? '' }, credential: null }
  }
  return { check: credential.newer.length === 0 ? passed : newer(credential), credential }
}

/** What can be read of a credential that is neither card nor diploma. */
function readKindless(bytes: Uint8Array): ReadCredential | null {
  try {
    const sign1 = parseSign1(bytes)
    return { ...sign1, kind: undefined, claims: parseCwt(sign1.payload).claims, newer: [...sign1.newer, 'kind'] }
  } catch {
    return null
  }
}

function newer(credential: ReadCredential): Check {
  return { name: 'format', outcome: 'unavailable', code: 'format.newer', detail: credential.newer.join(', ') }
}

function failed(error: unknown): Check {
  const isTooLarge = error instanceof AppError && error.code === 'format.cap'
  const detail = isTooLarge ? String(maxSealedLength) : error instanceof AppError ? `${error.code}: ${error.detail}` : ''
  return { name: 'format', outcome: 'failed', code: isTooLarge ? 'format.too-large' : 'format.malformed', detail }
}

function isNewer(error: unknown): boolean {
  return error instanceof AppError && error.code === 'format.newer'
}
