import { constants, type KeyObject, sign } from 'node:crypto'
import { AppError } from '../../core/errors.ts'
import { es256Signer } from './fileSigner.ts'
import { jwkIdentity, publicJwk } from './jwkIdentity.ts'
import { readPkcs12 } from './pkcs12.ts'
import { assertTyped, type JwkSigner, type SignerUse } from './signer.ts'

/** A signer with its certificate chain: `x5c` standard base64 of DER, leaf first, no root (RFC 7515 4.1.6). */
export interface CertifiedSigner extends JwkSigner {
  readonly x5c: readonly [string, ...string[]]
}

/**
 * The signer of a PKCS#12 file: an EC key signs ES256; an RSA key PS256 for endorsements, RS256 for documents (PKCS#1 v1.5, which
 * every PDF reader knows). Throws `key.pkcs12`.
 */
export function pkcs12Signer(file: Uint8Array, passphrase: string, use: SignerUse): CertifiedSigner {
  const { privateKey, certificates } = readPkcs12(file, passphrase)
  const [leaf, ...above] = certificates
  const x5c: [string, ...string[]] = [leaf.raw.toString('base64'), ...above.map(certificate => certificate.raw.toString('base64'))]
  if (privateKey.asymmetricKeyType === 'ec') return { ...es256Signer(privateKey, use), x5c }
  if (privateKey.asymmetricKeyType !== 'rsa') throw new AppError('key.pkcs12', 'Neither an RSA key nor an EC key')
  const algorithm = rsaAlgorithm(use)
  return {
    use,
    algorithm,
    ...jwkIdentity(publicJwk(leaf.publicKey)),
    x5c,
    sign(message) {
      assertTyped(use, message)
      return signRsa(privateKey, algorithm, message.bytes)
    },
  }
}

/** How an RSA key signs for a use. Throws `key.wrong-use` for the uses of P-256 keys. */
export function rsaAlgorithm(use: SignerUse): 'PS256' | 'RS256' {
  if (use === 'endorsement') return 'PS256'
  if (use === 'document') return 'RS256'
  throw new AppError('key.wrong-use', 'An RSA key only signs documents and endorsements')
}

function signRsa(key: KeyObject, algorithm: 'PS256' | 'RS256', bytes: Uint8Array): Uint8Array {
  if (algorithm === 'RS256') return sign('sha256', bytes, key)
  return sign('sha256', bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 })
}
