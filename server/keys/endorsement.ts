import { constants, hash, verify, X509Certificate } from 'node:crypto'
import * as z from 'zod'
import { decodeBase64url, encodeBase64url } from '../../core/encoding/base64url.ts'
import { fromUtf8, utf8 } from '../../core/encoding/bytes.ts'
import { canonicalJson } from '../../core/encoding/canonicalJson.ts'
import { parseJson } from '../../core/encoding/strictJson.ts'
import { AppError } from '../../core/errors.ts'
import type { CertifiedSigner } from './pkcs12.ts'
import { keyUses } from './signer.ts'

const seconds = z.int().min(0)
const claims = z.object({ thumbprint: z.string(), use: z.enum(keyUses), code: z.string(), notBefore: seconds, notAfter: seconds })
const header = z.object({
  alg: z.literal('PS256'),
  typ: z.literal('endorsement+jwt'),
  x5c: z.tuple([z.string()], z.string()).refine(chain => chain.length <= 8),
})

/** What a state certificate says of an agency's key: whose it is, what for and for how long. `thumbprint` is b64u, times in seconds. */
export type EndorsementClaims = z.infer<typeof claims>

/** An endorsement and what it is fetched by: `digest`, SHA-256 (32 bytes) of its payload. */
export interface Endorsement {
  readonly jws: string
  readonly digest: Uint8Array
}

const maxLength = 64 * 1024

/** Signs an endorsement with an agency's RSA state certificate: compact JWS, PS256, `typ: endorsement+jwt`, `x5c` (formats 4). */
export async function signEndorsement(input: EndorsementClaims, signer: CertifiedSigner): Promise<Endorsement> {
  if (signer.algorithm !== 'PS256') throw new AppError('key.wrong-use', 'Endorsements are signed by an RSA certificate')
  const payload = utf8(canonicalJson(claims.parse(input)))
  const protectedHeader = encodeBase64url(utf8(canonicalJson({ alg: 'PS256', typ: 'endorsement+jwt', x5c: [...signer.x5c] })))
  const signingInput = `${protectedHeader}.${encodeBase64url(payload)}`
  const signature = await signer.sign({ kind: 'endorsement', bytes: utf8(signingInput) })
  return { jws: `${signingInput}.${encodeBase64url(signature)}`, digest: hash('sha256', payload, 'buffer') }
}

/** What an endorsement (compact JWS) is fetched by. */
export function digestOfEndorsement(jws: string): Uint8Array {
  return hash('sha256', decodeBase64url(jws.split('.')[1] ?? ''), 'buffer')
}

/** What an endorsement says, and the chain of whoever says it, leaf first. */
export interface OpenedEndorsement {
  readonly claims: EndorsementClaims
  readonly chain: readonly [X509Certificate, ...X509Certificate[]]
}

/** An endorsement whose signature is its leaf's; whose chain that is remains to be asked. Throws `key.endorsement`. */
export function openEndorsement(jws: string): OpenedEndorsement {
  return refusing(() => {
    const parts = jws.split('.', 4)
    if (jws.length > maxLength || parts.length !== 3) throw new Error('not a compact JWS')
    const [protectedHeader, payload, signature] = parts as [string, string, string]
    const [leaf, ...above] = header.parse(parseJson(fromUtf8(decodeBase64url(protectedHeader)), 4)).x5c
    const chain = [certificateOf(leaf), ...above.map(certificateOf)] as const
    const key = chain[0].publicKey
    if (key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048)
      throw new Error('not an RSA key of 2048 bits or more')
    const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
    if (!verify('sha256', utf8(`${protectedHeader}.${payload}`), options, decodeBase64url(signature))) throw new Error('a wrong signature')
    return { claims: claims.parse(parseJson(fromUtf8(decodeBase64url(payload)), 4)), chain: [...chain] }
  })
}

/**
 * What an endorsement says, once its signature and its chain up to one of `roots` verify and all its certificates are valid at `at`
 * (seconds). Everything is verified by node:crypto. Throws `key.endorsement`.
 */
export function verifyEndorsement(
  jws: string,
  roots: readonly X509Certificate[],
  at: number,
): EndorsementClaims & { leaf: X509Certificate } {
  const { claims, chain } = openEndorsement(jws)
  refusing(() => assertChain(chain, roots, at))
  return { ...claims, leaf: chain[0] }
}

function certificateOf(text: string): X509Certificate {
  return new X509Certificate(Buffer.from(text, 'base64'))
}

function refusing<T>(act: () => T): T {
  try {
    return act()
  } catch (cause) {
    throw new AppError('key.endorsement', cause instanceof Error ? `The endorsement is refused: ${cause.message}` : undefined, { cause })
  }
}

function assertChain(chain: readonly X509Certificate[], roots: readonly X509Certificate[], at: number): void {
  let below = chain[0]!
  for (let i = 1; ; i++) {
    if (Date.parse(below.validFrom) / 1000 > at || Date.parse(below.validTo) / 1000 < at)
      throw new Error('a certificate outside its validity')
    if (roots.some(root => root.raw.equals(below.raw))) return
    const above = chain[i] ?? roots.find(root => below.checkIssued(root))
    if (i > chain.length || !above?.ca || !below.checkIssued(above) || !below.verify(above.publicKey)) {
      throw new Error('a chain that leads to no trusted root')
    }
    below = above
  }
}
