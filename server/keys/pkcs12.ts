import { createPrivateKey, type KeyObject, pbkdf2Sync, X509Certificate } from 'node:crypto'
import forge from 'node-forge'
import { AppError } from '../../core/errors.ts'
import { memorySigner, type RsaPadding } from './memorySigner.ts'
import type { JwkSigner, SignerUse } from './signer.ts'

/** A signer with its certificate chain: `x5c` standard base64 of DER, leaf first, no root (RFC 7515 4.1.6). */
export interface CertifiedSigner extends JwkSigner {
  readonly x5c: readonly [string, ...string[]]
}

/** What a PKCS#12 file held. Whoever asked for it wipes `pkcs8`, the DER of a PrivateKeyInfo. */
export interface OpenedPkcs12 {
  readonly pkcs8: Uint8Array
  readonly x5c: readonly [string, ...string[]]
}

const oids = forge.pki.oids as Record<string, string>

/** Iterations that OpenSSL does within a second or two. */
const mostAtOnce = 1_000_000

/**
 * PBKDF2 by OpenSSL: what forge writes in JavaScript takes half a minute for the 600,000 iterations of Firefox and NSS. More than
 * `mostAtOnce` stay with forge, for a thread can be stopped in JavaScript only.
 */
const { pbkdf2: inJavaScript } = forge.pkcs5
Object.assign(forge.pkcs5, {
  pbkdf2: (passphrase: string, salt: string, iterations: number, length: number, digest: forge.md.MessageDigest & { algorithm: string }) =>
    iterations > mostAtOnce
      ? inJavaScript(passphrase, salt, iterations, length, digest)
      : pbkdf2Sync(Buffer.from(passphrase, 'latin1'), Buffer.from(salt, 'latin1'), iterations, length, digest.algorithm).toString('latin1'),
})

/**
 * The signer of a PKCS#12 file (RFC 7292) of one private key, RSA or EC, and its certificates. node-forge opens the container; key and
 * certificates go to node:crypto as DER. Throws what `openPkcs12` does, and `key.wrong-use` for RSA and a use of P-256 keys.
 */
export function pkcs12Signer(file: Uint8Array, passphrase: string, use: SignerUse): CertifiedSigner {
  return openedSigner(openPkcs12(file, passphrase), use)
}

/** The signer of what was opened, which is wiped. */
export function openedSigner({ pkcs8, x5c }: OpenedPkcs12, use: SignerUse, documents?: RsaPadding): CertifiedSigner {
  try {
    return { ...memorySigner(privateKeyOf(pkcs8), use, documents), x5c }
  } finally {
    pkcs8.fill(0)
  }
}

/**
 * The private key and the certificates of a PKCS#12 file. It takes as long as the file's iterations ask for: `openPkcs12InThread` has a
 * limit. Throws `key.passphrase` for another passphrase, `key.pkcs12` for damage, no key, two keys, or no certificate of the key,
 * `key.wrong-use` for a key that is neither RSA nor P-256.
 */
export function openPkcs12(file: Uint8Array, passphrase: string): OpenedPkcs12 {
  const { keys, certificates } = openBags(file, passphrase)
  const [pkcs8, second] = keys
  try {
    if (!pkcs8) throw new AppError('key.pkcs12', 'The file holds no private key')
    if (second) throw new AppError('key.pkcs12', 'The file holds more than one private key')
    const privateKey = privateKeyOf(pkcs8)
    if (privateKey.asymmetricKeyType !== 'rsa' && privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
      throw new AppError('key.wrong-use', 'Neither a P-256 key nor an RSA key')
    const leaf = certificates.find(certificate => certificate.checkPrivateKey(privateKey))
    if (!leaf) throw new AppError('key.pkcs12', 'The file holds no certificate of its key')
    const above = chainAbove(leaf, certificates).map(certificate => certificate.raw.toString('base64'))
    return { pkcs8, x5c: [leaf.raw.toString('base64'), ...above] }
  } catch (error) {
    for (const key of keys) key.fill(0)
    throw error
  }
}

function privateKeyOf(pkcs8: Uint8Array): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(pkcs8.buffer, pkcs8.byteOffset, pkcs8.length), format: 'der', type: 'pkcs8' })
  } catch (cause) {
    throw new AppError('key.pkcs12', 'The key of the file cannot be used', { cause })
  }
}

/** The certificates that lead from the leaf upwards, without a self-signed root, which verifiers have. */
function chainAbove(leaf: X509Certificate, all: readonly X509Certificate[]): X509Certificate[] {
  const chain: X509Certificate[] = []
  for (let below = leaf; chain.length < 8; ) {
    const issuer = all.find(other => other !== below && below.checkIssued(other) && below.verify(other.publicKey))
    if (!issuer || issuer.checkIssued(issuer)) break
    chain.push(issuer)
    below = issuer
  }
  return chain
}

function openBags(file: Uint8Array, passphrase: string): { keys: Buffer[]; certificates: X509Certificate[] } {
  try {
    const keys: Buffer[] = []
    const certificates: X509Certificate[] = []
    for (const bag of openContainer(file, passphrase).safeContents.flatMap(contents => contents.safeBags)) {
      if (bag.type === oids.keyBag || bag.type === oids.pkcs8ShroudedKeyBag) {
        // forge reads RSA keys itself and hands others over as ASN.1.
        keys.push(toDer(bag.key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(bag.key)) : bag.asn1))
      } else if (bag.type === oids.certBag) {
        certificates.push(new X509Certificate(toDer(bag.cert ? forge.pki.certificateToAsn1(bag.cert) : bag.asn1)))
      }
    }
    return { keys, certificates }
  } catch (cause) {
    const isPassphrase = cause instanceof Error && /Invalid password|Failed to decrypt/.test(cause.message)
    throw new AppError(isPassphrase ? 'key.passphrase' : 'key.pkcs12', undefined, { cause })
  }
}

function openContainer(file: Uint8Array, passphrase: string): forge.pkcs12.Pkcs12Pfx {
  const container = forge.asn1.fromDer(Buffer.from(file).toString('latin1'))
  try {
    return forge.pkcs12.pkcs12FromAsn1(container, true, passphrase)
  } catch (error) {
    const inUtf8 = forge.util.encodeUtf8(passphrase)
    if (inUtf8 === passphrase || !(error instanceof Error) || error.message.includes('MAC could not be verified')) throw error
    // The MAC was right, though what a wrong key decrypts may look right for once and only then be no ASN.1. The MAC takes the passphrase as a BMPString (RFC 7292 B.1), PBES2 as UTF-8 (RFC 8018), which forge leaves to us.
    const withoutMac = { ...container, value: (container.value as forge.asn1.Asn1[]).slice(0, 2) }
    return forge.pkcs12.pkcs12FromAsn1(withoutMac, true, inUtf8)
  }
}

function toDer(node: forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(node).getBytes(), 'latin1')
}
