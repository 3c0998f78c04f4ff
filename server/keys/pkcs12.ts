import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import forge from 'node-forge'
import { AppError } from '../../core/errors.ts'
import { type KeyFile, keepKey } from './fileSigner.ts'
import { memorySigner, type RsaPadding } from './memorySigner.ts'
import type { JwkSigner, SignerUse } from './signer.ts'

/** A signer with its certificate chain: `x5c` standard base64 of DER, leaf first, no root (RFC 7515 4.1.6). */
export interface CertifiedSigner extends JwkSigner {
  readonly x5c: readonly [string, ...string[]]
}

const oids = forge.pki.oids as Record<string, string>

/**
 * The signer of a PKCS#12 file (RFC 7292) of one private key, RSA or EC, and its certificates. node-forge opens the container; key and
 * certificates go to node:crypto as DER. Throws `key.pkcs12` for damage, another passphrase, no key, two keys, or no certificate of the
 * key; `key.wrong-use` for RSA and a use of P-256 keys.
 */
export function pkcs12Signer(file: Uint8Array, passphrase: string, use: SignerUse): CertifiedSigner {
  const { pkcs8, privateKey, x5c } = openPkcs12(file, passphrase)
  pkcs8.fill(0)
  return { ...memorySigner(privateKey, use), x5c }
}

/**
 * Like `pkcs12Signer`, with the key kept in an encrypted PKCS#8 file: PKCS#12 files mostly come with a derivation that is too weak to
 * stay on a server.
 */
export async function keepPkcs12(
  file: Uint8Array,
  passphrase: string,
  use: SignerUse,
  copyOf: (signer: JwkSigner) => KeyFile,
  documents?: RsaPadding,
): Promise<CertifiedSigner> {
  const { pkcs8, privateKey, x5c } = openPkcs12(file, passphrase)
  try {
    const signer = memorySigner(privateKey, use, documents)
    await keepKey(copyOf(signer), pkcs8, () => signer)
    return { ...signer, x5c }
  } finally {
    pkcs8.fill(0)
  }
}

function openPkcs12(file: Uint8Array, passphrase: string): { pkcs8: Buffer; privateKey: KeyObject; x5c: [string, ...string[]] } {
  const { keys, certificates } = openBags(file, passphrase)
  const [pkcs8, second] = keys
  if (!pkcs8 || second) throw new AppError('key.pkcs12', 'The file has to hold exactly one private key')
  try {
    const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    const leaf = certificates.find(certificate => certificate.checkPrivateKey(privateKey))
    if (!leaf) throw new AppError('key.pkcs12', 'The file holds no certificate of its key')
    const above = chainAbove(leaf, certificates).map(certificate => certificate.raw.toString('base64'))
    return { pkcs8, privateKey, x5c: [leaf.raw.toString('base64'), ...above] }
  } catch (cause) {
    pkcs8.fill(0)
    if (cause instanceof AppError) throw cause
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
    const pfx = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(Buffer.from(file).toString('latin1')), true, passphrase)
    const keys: Buffer[] = []
    const certificates: X509Certificate[] = []
    for (const bag of pfx.safeContents.flatMap(contents => contents.safeBags)) {
      if (bag.type === oids.keyBag || bag.type === oids.pkcs8ShroudedKeyBag) {
        // forge reads RSA keys itself and hands others over as ASN.1.
        keys.push(toDer(bag.key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(bag.key)) : bag.asn1))
      } else if (bag.type === oids.certBag) {
        certificates.push(new X509Certificate(toDer(bag.cert ? forge.pki.certificateToAsn1(bag.cert) : bag.asn1)))
      }
    }
    return { keys, certificates }
  } catch (cause) {
    throw new AppError('key.pkcs12', undefined, { cause })
  }
}

function toDer(node: forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(node).getBytes(), 'latin1')
}
