import { createHash, randomBytes } from 'node:crypto'
import { AppError } from '../../core/errors.ts'
import { oids } from './cms.ts'
import { der, derChildren, derOid, readDer } from './der.ts'
import { openTimestamp } from './verifyCms.ts'

/** Returns a time-stamp token, DER, over the bytes given. */
export type Timestamper = (stamped: Uint8Array) => Promise<Uint8Array>

/** A time-stamp authority over HTTP (RFC 3161, 3.4), SHA-256, certificate asked for. Throws `pades.timestamp`. */
export function httpTimestamper(url: string, fetchUrl: typeof fetch = fetch): Timestamper {
  return async stamped => {
    let answer: Uint8Array
    const nonce = Buffer.concat([Uint8Array.of(0x01), randomBytes(15)])
    try {
      const response = await fetchUrl(url, {
        method: 'POST',
        headers: { 'content-type': 'application/timestamp-query' },
        body: timestampRequest(stamped, nonce) as Uint8Array<ArrayBuffer>,
        signal: AbortSignal.timeout(20_000),
      })
      if (!response.ok) throw new Error(`HTTP ${response.status}`)
      answer = new Uint8Array(await response.arrayBuffer())
    } catch (cause) {
      throw new AppError('pades.timestamp', 'The time-stamp authority does not answer', { cause })
    }
    return timestampToken(answer, stamped, nonce)
  }
}

function timestampRequest(stamped: Uint8Array, nonce: Uint8Array): Uint8Array {
  const imprint = der(0x30, der(0x30, derOid(oids.sha256), der(0x05)), der(0x04, createHash('sha256').update(stamped).digest()))
  return der(0x30, der(0x02, Uint8Array.of(1)), imprint, der(0x02, nonce), der(0x01, Uint8Array.of(0xff)))
}

/** The token of a granted answer, checked against what was asked. */
function timestampToken(answer: Uint8Array, stamped: Uint8Array, nonce: Uint8Array): Uint8Array {
  try {
    const [status, token] = derChildren(readDer(answer))
    const granted = derChildren(status!)[0]!.content[0]
    if (
      token &&
      (granted === 0 || granted === 1) &&
      openTimestamp(token.bytes, stamped) &&
      Buffer.from(token.bytes).includes(Buffer.from(der(0x02, nonce)))
    )
      return token.bytes
  } catch (cause) {
    throw new AppError('pades.timestamp', 'The answer is no time-stamp response', { cause })
  }
  throw new AppError('pades.timestamp', 'The time stamp was refused, or is not over what was sent')
}
