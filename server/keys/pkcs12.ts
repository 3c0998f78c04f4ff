import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import forge from 'node-forge'
import { AppError } from '../../core/errors.ts'

/** A private key with its certificate and those above it, leaf first. */
export interface Pkcs12 {
  readonly privateKey: KeyObject
  readonly certificates: readonly [X509Certificate, ...X509Certificate[]]
}

const oids = forge.pki.oids as Record<string, string>

/**
 * Reads a PKCS#12 file (RFC 7292) of one private key, RSA or EC. node-forge opens the container; key and certificates go to
 * node:crypto as DER. Throws `key.pkcs12` for damage, another passphrase, no key, two keys, or no certificate of the key.
 */
export function readPkcs12(file: Uint8Array, passphrase: string): Pkcs12 {
  const { keys, certificates } = openBags(file, passphrase)
  const [pkcs8, second] = keys
  if (!pkcs8 || second) throw new AppError('key.pkcs12', 'The file has to hold exactly one private key')
  try {
    const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    const leaf = certificates.find(certificate => certificate.checkPrivateKey(privateKey))
    if (!leaf) throw new AppError('key.pkcs12', 'The file holds no certificate of its key')
    return { privateKey, certificates: [leaf, ...chainAbove(leaf, certificates)] }
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('key.pkcs12', 'The key of the file cannot be used', { cause })
  } finally {
    pkcs8.fill(0)
  }
}

/** The certificates that lead from the leaf upwards, without a self-signed root (RFC 7515 4.1.6 leaves it out; verifiers have it). */
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
    const pfx = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(binary(file)), true, passphrase)
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

function binary(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
