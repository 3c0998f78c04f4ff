import { z } from 'zod'
import { parseAgencyCode } from '../../core/identity/agencyCode.ts'
import { keyUses } from './signer.ts'

const kid = z.string()
const named = { agency: z.string().transform(parseAgencyCode), use: z.enum(keyUses) }
/** What a certificate is, for the eye of whoever decides: names, serial, "RSA 2048", hex SHA-256, the subjects above it. */
const certificate = { subject: z.string(), issuer: z.string(), serial: z.string(), key: z.string(), fingerprint: z.string() }
const chain = { chain: z.array(z.string()) }
/** A key that exists already: exactly this one is brought in, for exactly this time (seconds). */
const brought = { ...named, kid, thumbprint: z.string(), notBefore: z.int(), notAfter: z.int() }

/** The claims of a `key.change` request: what the second administrator is shown, and exactly what is carried out. */
export const keyChangeClaims = z.discriminatedUnion('action', [
  z.object({ action: z.literal('create'), ...named, notAfter: z.iso.date(), tokenLabel: z.string().optional() }),
  z.object({
    action: z.literal('import'),
    ...brought,
    ...certificate,
    ...chain,
    x5c: z.tuple([z.string()], z.string()),
  }),
  z.object({
    action: z.literal('adopt'),
    ...brought,
    ...z.object({ ...certificate, ...chain }).partial().shape,
    tokenLabel: z.string(),
    id: z.string(),
  }),
  z.object({
    action: z.literal('endorse'),
    ...brought,
    ...certificate,
    /** Whose key is endorsed; `agency` is whose certificate says so. */
    keyAgency: z.string(),
    /** The registered key that signs at approval; else `jws` was signed by a PKCS#12 file when it was asked for. */
    by: kid.optional(),
    jws: z.string().optional(),
  }),
  z.object({ action: z.literal('retire'), ...named, kid }),
  z.object({
    action: z.literal('compromise'),
    ...named,
    kid,
    origin: z.string(),
    logSize: z.int().min(0),
    rootHash: z.string(),
    lost: z.int(),
  }),
])

export type KeyChangeClaims = z.infer<typeof keyChangeClaims>
export type ClaimsOf<Action extends KeyChangeClaims['action']> = Extract<KeyChangeClaims, { action: Action }>
