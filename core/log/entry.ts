import * as z from 'zod/mini'
import { fromUtf8, utf8 } from '../encoding/bytes.ts'
import { canonicalJson } from '../encoding/canonicalJson.ts'
import { parseJson } from '../encoding/strictJson.ts'
import { AppError } from '../errors.ts'

const bytes8 = z.string().check(z.regex(/^[\w-]{10}[AEIMQUYcgkosw048]$/))
const bytes16 = z.string().check(z.regex(/^[\w-]{21}[AQgw]$/))
const bytes32 = z.string().check(z.regex(/^[\w-]{42}[AEIMQUYcgkosw048]$/))
const count = z.number().check(z.int(), z.gte(0))
const agency = z.string().check(z.regex(/^[0-9A-Z]+(\.[0-9A-Z]+)*$/), z.maxLength(35))
const use = z.enum(['card', 'diploma', 'status', 'document'])
const head = { v: z.literal(1), at: count }

/** Only for an agency marked `restricted` are agency and kid left out, and then both. */
const issuing = { agency: z.optional(agency), ref: bytes16, digest: bytes32, kid: z.optional(bytes8) }
const status = { agency: z.optional(agency), ref: bytes16, commitment: bytes32, by: z.optional(bytes16) }
const holder = { agency: z.optional(agency), ref: bytes16, thumbprint: bytes32 }
const key = { agency, kid: bytes8, thumbprint: bytes32, use }
const window = { notBefore: count, notAfter: count }

const fieldsOf = {
  'card.issued': issuing,
  'diploma.registered': issuing,
  'sd-jwt.issued': issuing,
  'card.suspended': status,
  'card.resumed': status,
  'card.ended': status,
  'diploma.ended': status,
  'diploma.corrected': status,
  'holder.bound': holder,
  'holder.unbound': holder,
  'key.added': { ...key, ...window },
  'key.retired': { ...key, ...window },
  'key.compromised': { ...key, logSize: count, rootHash: bytes32 },
  'trust.published': { agency: z.optional(agency), epoch: count, seq: count, digest: bytes32 },
  'status-list.changed': { agency, list: count, digest: bytes32 },
} as const

/** Every kind of entry there is (formats 5). */
export const entryTypes = Object.keys(fieldsOf) as readonly EntryType[]
export type EntryType = keyof typeof fieldsOf

type FieldsOf<T extends EntryType> = { type: T } & z.infer<z.ZodMiniObject<(typeof fieldsOf)[T]>>
/** An entry before the log gives it its time: ref 16 bytes, kid 8, digest, commitment, thumbprint, rootHash 32, all in b64u. */
export type EntryDraft = { [T in EntryType]: FieldsOf<T> }[EntryType]
/** One entry of the log; `at` in seconds. */
export type Entry = EntryDraft & { readonly v: 1; readonly at: number }

const schemas = new Map(
  Object.entries(fieldsOf).map(([type, fields]) => [type, z.strictObject({ ...head, type: z.literal(type), ...fields })]),
)

/** The bytes of an entry: canonical JSON (RFC 8785); log.entry when a field is missing, unknown or malformed. */
export function encodeEntry(entry: Entry): Uint8Array {
  checkEntry(entry)
  return utf8(canonicalJson(entry))
}

/** Reads an entry of this version; log.entry when it is of another kind, not canonical or malformed. */
export function parseEntry(bytes: Uint8Array): Entry {
  const value = parseCanonical(bytes)
  checkEntry(value)
  return value
}

/** Fields that entries of any version share, for judging one that this version does not know; log.entry when it is no canonical JSON object. */
export function peekEntry(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const value = parseCanonical(bytes)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new AppError('log.entry', 'not an object')
  return value as Record<string, unknown>
}

function parseCanonical(bytes: Uint8Array): unknown {
  try {
    const text = fromUtf8(bytes)
    const value = parseJson(text)
    if (canonicalJson(value) === text) return value
  } catch (cause) {
    throw new AppError('log.entry', 'not JSON', { cause })
  }
  throw new AppError('log.entry', 'not canonical JSON')
}

/** Asserts that a value has the form of an entry; log.entry names what is missing, unknown or malformed. */
export function checkEntry(value: unknown): asserts value is Entry {
  const type = typeof value === 'object' && value !== null && 'type' in value ? String(value.type) : ''
  const result = schemas.get(type)?.safeParse(value)
  if (!result) throw new AppError('log.entry', 'unknown type of entry')
  if (!result.success) throw new AppError('log.entry', `${type}: ${result.error.issues.map(i => i.path.join('.')).join(', ')}`)
  const entry = value as { agency?: unknown; kid?: unknown }
  if (fieldsOf[type as EntryType] === issuing && (entry.agency === undefined) !== (entry.kid === undefined))
    throw new AppError('log.entry', `${type}: agency and kid go together`)
}
