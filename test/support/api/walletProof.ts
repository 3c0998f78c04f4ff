import { exportJWK, generateKeyPair, SignJWT } from 'jose'

/** A wallet's proof that it holds a new key (OpenID4VCI, jwt proof type). */
export async function walletProof(audience: string): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  return new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', typ: 'openid4vci-proof+jwt', jwk: await exportJWK(publicKey) })
    .setAudience(audience)
    .setIssuedAt()
    .sign(privateKey)
}
