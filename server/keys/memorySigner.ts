import { constants, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { AppError } from '../../core/errors.ts'
import { signEs256 } from './es256.ts'
import { jwkIdentity, publicJwk } from './jwkIdentity.ts'
import { assertTyped, type JwkSigner, type SignerUse } from './signer.ts'

/** How RSA keys sign documents: PKCS#1 v1.5, which every PDF reader knows, or RSA-PSS with a salt of 32 bytes. */
export type RsaPadding = 'pkcs1' | 'pss'

/**
 * A signer over a private key in this process's memory: P-256 signs ES256; RSA signs PS256 for endorsements and as `documents` says
 * for documents. Throws `key.file` for another kind of key, `key.wrong-use` for RSA and another use.
 */
export function memorySigner(key: KeyObject, use: SignerUse, documents: RsaPadding = 'pkcs1'): JwkSigner {
  const isP256 = key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
  if (!isP256 && key.asymmetricKeyType !== 'rsa') throw new AppError('key.file', 'Neither a P-256 key nor an RSA key')
  const algorithm = isP256 ? 'ES256' : rsaAlgorithm(use, documents)
  return {
    use,
    algorithm,
    ...jwkIdentity(publicJwk(createPublicKey(key))),
    sign(message) {
      assertTyped(use, message)
      if (algorithm === 'ES256') return signEs256(key, message.bytes)
      if (algorithm === 'RS256') return sign('sha256', message.bytes, key)
      return sign('sha256', message.bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 })
    },
  }
}

/** How an RSA key signs for a use. Throws `key.wrong-use` for the uses of P-256 keys. */
export function rsaAlgorithm(use: SignerUse, documents: RsaPadding): 'PS256' | 'RS256' {
  if (use === 'endorsement') return 'PS256'
  if (use === 'document') return documents === 'pss' ? 'PS256' : 'RS256'
  throw new AppError('key.wrong-use', 'An RSA key only signs documents and endorsements')
}
