import { decodeBase64url, encodeBase64url } from '../../../core/encoding/base64url.ts'
import { utf8 } from '../../../core/encoding/bytes.ts'
import { canonicalJson } from '../../../core/encoding/canonicalJson.ts'
import type { TestKey } from './testKey.ts'

/** A JWS with one bit of its signature flipped. */
export function tampered(jws: string): string {
  const [header, payload, signature] = jws.split('.') as [string, string, string]
  const bytes = decodeBase64url(signature)
  bytes[10]! ^= 1
  return `${header}.${payload}.${encodeBase64url(bytes)}`
}

export async function withHeader(jws: string, key: TestKey, more: object): Promise<string> {
  const [header, payload] = jws.split('.') as [string, string]
  const changed = encodeBase64url(utf8(canonicalJson({ ...JSON.parse(Buffer.from(header, 'base64url').toString()), ...more })))
  return `${changed}.${payload}.${encodeBase64url(key.sign(utf8(`${changed}.${payload}`)))}`
}

export async function withPayload(jws: string, key: TestKey, change: (payload: Record<string, unknown>) => object): Promise<string> {
  const [header, payload] = jws.split('.') as [string, string]
  const changed = encodeBase64url(utf8(canonicalJson(change(JSON.parse(Buffer.from(payload, 'base64url').toString())))))
  return `${header}.${changed}.${encodeBase64url(key.sign(utf8(`${header}.${changed}`)))}`
}
