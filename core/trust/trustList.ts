import type { P256Jwk } from '../crypto/coreCrypto.ts'
import type { RsaJwk } from './jwkThumbprint.ts'
import type { AgencyPayload, Compromise } from './trustSchema.ts'

/** A key of an agency as a verified trust slice names it. Times in seconds, both ends of a window included. */
export interface TrustKey {
  /** 8 bytes, and the same in base64url. */
  readonly kid: Uint8Array
  readonly kidText: string
  /** 32 bytes; none of an `other` key. */
  readonly thumbprint: Uint8Array
  /** `other`: of a kind that this version does not know. */
  readonly jwk: P256Jwk | RsaJwk | { readonly kty: 'other' }
  /** card, diploma, status, document; another word is of a later version and fits nothing. */
  readonly use: string
  readonly notBefore: number
  readonly notAfter: number
  readonly retiredAt: number | undefined
  readonly compromise: Compromise | undefined
  /** Digest of the endorsement, in base64url. */
  readonly endorsement: string | undefined
  /** DER certificates in base64, leaf first. */
  readonly x5c: readonly string[] | undefined
  readonly agency: Agency
}

export interface Agency extends Omit<AgencyPayload, 'keys'> {
  readonly keys: readonly TrustKey[]
}

/** A trust slice whose signature, form and closure are verified; times are still to be judged. */
export interface TrustSlice {
  readonly epoch: number
  readonly seq: number
  readonly iat: number
  readonly exp: number
  /** `exp` of the newest root. */
  readonly rootExp: number
  /** SHA-256 of the payload in base64url, as the index names it. */
  readonly digest: string
  readonly agencies: ReadonlyMap<string, Agency>
  /** Keys by the first four bytes of their kid, big-endian. */
  readonly keys: ReadonlyMap<number, readonly TrustKey[]>
}

/** The first four bytes of a kid as a number: the key of `TrustSlice.keys`. */
export function kidPrefix(kid: Uint8Array): number {
  return ((kid[0]! << 24) | (kid[1]! << 16) | (kid[2]! << 8) | kid[3]!) >>> 0
}

/** The key with this id (8 bytes), or undefined. */
export function findKey(slice: TrustSlice, kid: Uint8Array): TrustKey | undefined {
  const candidates = kid.length === 8 ? slice.keys.get(kidPrefix(kid)) : undefined
  if (candidates) for (const key of candidates) if (sameKid(key.kid, kid)) return key
  return undefined
}

/**
 * Whether a key of agency `signer` may sign for `iss` at that time: the same agency, an ancestor of iss, or a successor of iss;
 * ancestors and successors each transitively, never mixed (formats 1).
 */
export function maySign(slice: TrustSlice, signer: string, iss: string, at: number): boolean {
  return signer === iss
    ? slice.agencies.has(iss)
    : reaches(slice, iss, signer, at, parentsAt) || reaches(slice, iss, signer, at, successorAt)
}

/** Whether `code` is `ancestor` or below it at that time, by the parents of the trust list. */
export function inSubtree(slice: TrustSlice, code: string, ancestor: string, at: number): boolean {
  return code === ancestor ? slice.agencies.has(code) : reaches(slice, code, ancestor, at, parentsAt)
}

/** What is wrong with a key at a time: undefined when its own and its agency's windows hold. */
export function windowFault(key: TrustKey, at: number): 'key-window' | 'key-retired' | 'agency-window' | undefined {
  if (at < key.notBefore || at > key.notAfter) return 'key-window'
  if (key.retiredAt !== undefined && at > key.retiredAt) return 'key-retired'
  const { validFrom, validTo } = key.agency
  return at < validFrom || (validTo !== undefined && at > validTo) ? 'agency-window' : undefined
}

/** The agencies one step from this one at a time: its parents, or its successor. */
type Step = (agency: Agency, at: number) => readonly { readonly code: string }[]

function reaches(slice: TrustSlice, from: string, target: string, at: number, step: Step): boolean {
  // Holds: `codes` has no code twice, so that a cycle ends.
  const codes = [from]
  for (let i = 0; i < codes.length; i++) {
    const agency = slice.agencies.get(codes[i]!)
    if (!agency) continue
    for (const { code } of step(agency, at)) {
      if (code === target) return true
      if (!codes.includes(code)) codes.push(code)
    }
  }
  return false
}

function parentsAt({ parents }: Agency, at: number): readonly { readonly code: string }[] {
  const isAll = parents.every(({ from, to }) => at >= from && (to === undefined || at <= to))
  return isAll ? parents : parents.filter(({ from, to }) => at >= from && (to === undefined || at <= to))
}

function successorAt({ successor }: Agency, at: number): readonly { readonly code: string }[] {
  return successor !== undefined && at >= successor.from ? [successor] : []
}

function sameKid(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < 8; i++) if (a[i] !== b[i]) return false
  return true
}
