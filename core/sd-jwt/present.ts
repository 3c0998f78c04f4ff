import type { SignEs256 } from '../crypto/coreCrypto.ts'
import { utf8 } from '../encoding/bytes.ts'
import { type DigestPort, textDigest } from './disclosedClaims.ts'
import { signJwt } from './issue.ts'
import { parseSdJwt } from './parse.ts'

/** A holder binding to be made: for whom, their nonce, and when (seconds). */
export interface KeyBindingToMake {
  readonly aud: string
  readonly nonce: string
  readonly iat: number
}

/**
 * What a holder shows: the SD-JWT with the disclosures of the named claims only, and a KB-JWT when `binding` is given
 * (RFC 9901 4.3, 7.2). Throws what `parseSdJwt` throws.
 */
export async function presentSdJwt(
  issued: string,
  names: readonly string[],
  binding?: KeyBindingToMake & { sign: SignEs256; crypto: DigestPort },
): Promise<string> {
  const { disclosures } = parseSdJwt(issued)
  const jwt = issued.slice(0, issued.indexOf('~'))
  const shown = disclosures.filter(({ name }) => name !== undefined && names.includes(name))
  const presented = `${[jwt, ...shown.map(({ text }) => text)].join('~')}~`
  if (binding === undefined) return presented
  const { aud, nonce, iat, sign, crypto } = binding
  const payload = { iat, aud, nonce, sd_hash: await textDigest(presented, crypto) }
  return presented + (await signJwt({ alg: 'ES256', typ: 'kb+jwt' }, utf8(JSON.stringify(payload)), sign))
}
