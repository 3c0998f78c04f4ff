import { createHash } from 'node:crypto'
import { serializeDictionary, serializeInnerList } from 'structured-headers'
import type { ServiceKey } from '../service-keys/serviceKey.ts'

const components = ['@method', '@target-uri', 'content-type', 'content-digest']

/**
 * The headers of a signed POST: Content-Digest (RFC 9530) and an HTTP Message Signature (RFC 9421, ed25519) over method, address, type
 * and digest, with the time it was made. `created` in seconds.
 */
export function signMessage(
  request: { url: string; contentType: string; body: string; created: number },
  key: Pick<ServiceKey, 'keyId' | 'sign'>,
): Record<string, string> {
  const { url, contentType, body, created } = request
  const digest = createHash('sha256').update(body).digest()
  const contentDigest = serializeDictionary({ 'sha-256': bytesOf(digest) })
  const parameters = serializeInnerList([
    components.map(name => [name, new Map()]),
    new Map<string, string | number>([
      ['created', created],
      ['keyid', key.keyId],
      ['alg', 'ed25519'],
      ['tag', 'antin-webhook'],
    ]),
  ])
  const values: Record<string, string> = {
    '@method': 'POST',
    '@target-uri': url,
    'content-type': contentType,
    'content-digest': contentDigest,
  }
  const base = [...components.map(name => `"${name}": ${values[name]}`), `"@signature-params": ${parameters}`].join('\n')
  return {
    'Content-Type': contentType,
    'Content-Digest': contentDigest,
    'Signature-Input': `antin=${parameters}`,
    Signature: serializeDictionary({ antin: bytesOf(key.sign(Buffer.from(base))) }),
  }
}

/** A buffer of its own: structured fields take the whole of what they are given. */
function bytesOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer
}
