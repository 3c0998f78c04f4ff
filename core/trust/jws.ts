import type { SignEs256 } from '../crypto/coreCrypto.ts'
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts'
import { fromUtf8, utf8 } from '../encoding/bytes.ts'
import { canonicalJson } from '../encoding/canonicalJson.ts'
import { parseJson } from '../encoding/strictJson.ts'
import { AppError } from '../errors.ts'

/** A signed message with the id of the key that is said to have signed it. Nothing of it is verified yet. */
export interface Jws {
  /** 8 bytes. */
  readonly kid: Uint8Array
  readonly payload: Uint8Array
  /** The bytes under the signature. */
  readonly signingInput: Uint8Array
  /** 64 bytes r‖s. */
  readonly signature: Uint8Array
}

/** A key that signs, and its id: the first 8 bytes of its JWK thumbprint. */
export interface Es256Signer {
  readonly kid: Uint8Array
  readonly sign: SignEs256
}

/**
 * The parts of a compact JWS whose protected header is exactly `{alg: "ES256", kid, typ}`. Throws `jws.newer` for a header with
 * another algorithm or one more name (jwk, jku, x5u, crit, b64, zip among them), `jws.malformed` for anything else (RFC 7515).
 */
export function parseCompactJws(text: string, typ: string): Jws {
  const parts = text.split('.', 4)
  if (parts.length !== 3) throw new AppError('jws.malformed', 'A compact JWS has three parts')
  const [header, payload, signature] = parts as [string, string, string]
  return readJws(header, payload, signature, typ)
}

/** The signed messages of a JWS in general JSON form, one for each signature (at most 32), all over one payload; protected header exactly `{alg: "ES256", kid}`. Throws like `parseCompactJws`. */
export function parseGeneralJws(text: string): { payload: Uint8Array; signatures: readonly Jws[] } {
  const whole = asJws(() => parseJson(text))
  if (!isObject(whole) || typeof whole.payload !== 'string' || !Array.isArray(whole.signatures)) {
    throw new AppError('jws.malformed', 'Not a JWS in general JSON form')
  }
  const { payload, signatures } = whole
  if (!hasOnly(whole, 'payload', 'signatures') || signatures.length > 32) throw new AppError('jws.newer', 'A JWS with other members')
  const parsed = signatures.map(item => {
    if (!isObject(item) || typeof item.protected !== 'string' || typeof item.signature !== 'string') {
      throw new AppError('jws.malformed', 'Not a signature of a JWS')
    }
    if (!hasOnly(item, 'protected', 'signature')) throw new AppError('jws.newer', 'A JWS with an unprotected header')
    return readJws(item.protected, payload, item.signature, undefined)
  })
  return { payload: asJws(() => decodeBase64url(payload)), signatures: parsed }
}

/** A compact JWS over the canonical JSON (RFC 8785) of `payload`. */
export async function signCompactJws(typ: string, payload: unknown, signer: Es256Signer): Promise<string> {
  const header = encodeJson({ alg: 'ES256', kid: encodeBase64url(signer.kid), typ })
  const signingInput = `${header}.${encodeJson(payload)}`
  return `${signingInput}.${encodeBase64url(await signer.sign(utf8(signingInput)))}`
}

/** A JWS in general JSON form over the canonical JSON of `payload`, signed by each of the signers. */
export async function signGeneralJws(payload: unknown, signers: readonly Es256Signer[]): Promise<string> {
  const body = encodeJson(payload)
  const signatures = []
  for (const { kid, sign } of signers) {
    const header = encodeJson({ alg: 'ES256', kid: encodeBase64url(kid) })
    signatures.push({ protected: header, signature: encodeBase64url(await sign(utf8(`${header}.${body}`))) })
  }
  return canonicalJson({ payload: body, signatures })
}

function readJws(header: string, payload: string, signature: string, typ: string | undefined): Jws {
  const named = asJws(() => parseJson(fromUtf8(decodeBase64url(header)), 4))
  if (!isObject(named)) throw new AppError('jws.malformed', 'The protected header is no object')
  if (named.typ !== typ) throw new AppError('jws.malformed', typ === undefined ? 'A typ where none belongs' : `typ is not ${typ}`)
  if (typeof named.alg !== 'string' || named.alg === 'none') throw new AppError('jws.malformed', 'No signature algorithm')
  if (named.alg !== 'ES256' || !hasOnly(named, 'alg', 'kid', 'typ'))
    throw new AppError('jws.newer', 'A protected header with other names or another alg')
  const { kid } = named
  if (typeof kid !== 'string') throw new AppError('jws.malformed', 'No kid')
  const jws: Jws = asJws(() => ({
    kid: decodeBase64url(kid),
    payload: decodeBase64url(payload),
    signingInput: utf8(`${header}.${payload}`),
    signature: decodeBase64url(signature),
  }))
  if (jws.kid.length !== 8) throw new AppError('jws.malformed', 'A kid has 8 bytes')
  if (jws.signature.length !== 64) throw new AppError('jws.malformed', 'An ES256 signature has 64 bytes')
  return jws
}

/** What the encodings refuse is a malformed JWS. */
function asJws<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new AppError('jws.malformed', cause instanceof AppError ? cause.detail : undefined, { cause })
  }
}

function encodeJson(value: unknown): string {
  return encodeBase64url(utf8(canonicalJson(value)))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hasOnly(value: object, ...names: string[]): boolean {
  return Object.keys(value).every(name => names.includes(name))
}
