// @sd-jwt/sd-jwt-vc over the same node:crypto signatures and hashes as ours.
import { hash, randomBytes } from 'node:crypto'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import { signEs256 } from '../../server/keys/es256.ts'
import { nodeCrypto } from '../../server/keys/nodeCrypto.ts'

/** Issues and verifies one SD-JWT VC: `issue()` gives its text, `verify(text)` throws unless it verifies at `now` (seconds). */
export function sdJwtVcPeer(privateKey, jwk, { claims, selective }, now) {
  const instance = new SDJwtVcInstance({
    signer: input => Buffer.from(signEs256(privateKey, Buffer.from(input))).toString('base64url'),
    verifier: (input, signature) => nodeCrypto.verifyEs256(jwk, Buffer.from(input), Buffer.from(signature, 'base64url')),
    signAlg: 'ES256',
    hasher: input => hash('sha256', typeof input === 'string' ? input : new Uint8Array(input), 'buffer'),
    hashAlg: 'sha-256',
    saltGenerator: length => randomBytes(length).toString('base64url'),
  })
  const { status: _, ...plain } = claims
  return {
    issue: () => instance.issue({ ...plain, ...selective }, { _sd: Object.keys(selective) }),
    verify: text => instance.verify(text, { currentDate: now }),
  }
}
