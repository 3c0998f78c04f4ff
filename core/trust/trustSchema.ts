import * as z from 'zod/mini'
import { decodeBase64url } from '../encoding/base64url.ts'

const seconds = z.int().check(z.gte(0))
const count = z.int().check(z.gte(0))
const code = z.string().check(z.minLength(1), z.maxLength(35), z.regex(/^[0-9A-Z]+(\.[0-9A-Z]+)*$/))
const shortText = z.string().check(z.minLength(1), z.maxLength(400))
/** Longer than ours: keys of other kinds may be. */
const vkey = z.string().check(z.minLength(1), z.maxLength(8192))

/** base64url of exactly so many bytes. */
function b64u(length: number) {
  return z.string().check(z.refine(text => lengthOf(text) === length))
}

function lengthOf(text: string): number {
  try {
    return decodeBase64url(text).length
  } catch {
    return -1
  }
}

const p256Jwk = z.object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: b64u(32), y: b64u(32) })
const rsaJwk = z.object({
  kty: z.literal('RSA'),
  n: z.string().check(
    z.maxLength(1400),
    z.refine(text => lengthOf(text) >= 256),
  ),
  e: z.string().check(z.maxLength(8)),
})

const isOtherKey = ({ kty, crv }: { kty: string; crv?: unknown }) => kty !== 'RSA' && !(kty === 'EC' && crv === 'P-256')
/** A kind of key of a later version, such as P-384: kept, so that its kid is known, and verifies nothing. */
const otherJwk = z.pipe(
  z.looseObject({ kty: z.string().check(z.minLength(1)) }).check(z.refine(isOtherKey)),
  z.transform(() => ({ kty: 'other' }) as const),
)

const compromise = z.object({ at: seconds, origin: shortText, logSize: count, rootHash: b64u(32) })

const key = z.object({
  kid: b64u(8),
  jwk: z.union([p256Jwk, rsaJwk, otherJwk]),
  // A use of a later version is kept, and fits nothing.
  use: z.string().check(z.minLength(1), z.maxLength(40)),
  notBefore: seconds,
  notAfter: seconds,
  retiredAt: z.optional(seconds),
  compromise: z.optional(compromise),
  endorsement: z.optional(b64u(32)),
  x5c: z.optional(z.array(z.string().check(z.maxLength(16_384))).check(z.minLength(1), z.maxLength(8))),
})

const agency = z.object({
  code,
  oldCode: z.optional(shortText),
  name: z.object({ vi: shortText, en: shortText }),
  url: shortText,
  parents: z.array(z.object({ code, from: seconds, to: z.optional(seconds) })).check(z.maxLength(64)),
  validFrom: seconds,
  validTo: z.optional(seconds),
  successor: z.optional(z.object({ code, from: seconds })),
  restricted: z.optional(z.boolean()),
  coverage: z.optional(z.array(z.unknown())),
  keys: z.array(key).check(z.maxLength(1000)),
})

/** The payload of a trust slice (formats 4). Members of later versions are ignored; a change of meaning takes another `v`. */
export const trustSlicePayload = z.object({
  v: z.literal(1),
  epoch: z.int().check(z.gte(1)),
  seq: count,
  iat: seconds,
  exp: seconds,
  agencies: z.array(agency).check(z.minLength(1), z.maxLength(1000)),
})

const log = z.object({ origin: shortText, vkey, url: shortText, from: seconds, until: z.optional(seconds) })
const anchor = z.object({
  chainId: z.int().check(z.gte(1)),
  address: z.string().check(z.regex(/^0x[0-9a-fA-F]{40}$/)),
  codeHash: z.string().check(z.regex(/^0x[0-9a-f]{64}$/)),
  deployBlock: count,
  fromSize: count,
  untilSize: z.optional(count),
})

/** The payload of the trust index (formats 4). */
export const trustIndexPayload = z.object({
  v: z.literal(1),
  epoch: z.int().check(z.gte(1)),
  seq: count,
  iat: seconds,
  exp: seconds,
  slices: z.record(code, b64u(32)),
  logs: z.array(log).check(z.maxLength(100)),
  anchors: z.array(anchor).check(z.maxLength(100)),
  witnesses: z.array(vkey).check(z.maxLength(100)),
  quorum: count,
})

/** The payload of a root document (formats 4). */
export const rootPayload = z.object({
  v: z.literal(1),
  epoch: z.int().check(z.gte(1)),
  keys: z.array(p256Jwk).check(z.minLength(1), z.maxLength(32)),
  threshold: z.int().check(z.gte(1)),
  trustKeys: z.array(p256Jwk).check(z.minLength(1), z.maxLength(32)),
  exp: seconds,
})

export type TrustSlicePayload = z.infer<typeof trustSlicePayload>
export type AgencyPayload = z.infer<typeof agency>
export type TrustKeyPayload = z.infer<typeof key>
export type TrustIndexPayload = z.infer<typeof trustIndexPayload>
export type RootPayload = z.infer<typeof rootPayload>
export type Compromise = z.infer<typeof compromise>
export type LogDescription = z.infer<typeof log>
export type AnchorDescription = z.infer<typeof anchor>
