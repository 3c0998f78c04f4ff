import { createHash } from 'node:crypto'
import { der, derChildren, derOid, oidText, readDer } from './der.ts'

/** A document key with its certificate: what `signerPool.documentSigner` gives, from PKCS#12 or a PKCS#11 token. */
export interface CmsSigner {
  /** DER, the signer's first, then those above it. */
  certificates: readonly Uint8Array[]
  /** RS256 RSA PKCS#1 v1.5, PS256 RSA-PSS with a salt of 32 bytes, ES256 P-256 as 64 bytes r‖s; all over SHA-256. */
  algorithm: 'RS256' | 'PS256' | 'ES256'
  /** Signs the DER SET of the signed attributes (RFC 5652, 5.4); hashing is the signer's. */
  signAttributes(der: Uint8Array): Uint8Array | Promise<Uint8Array>
}

export const oids = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  timeStampToken: '1.2.840.113549.1.9.16.2.14',
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
  rsaEncryption: '1.2.840.113549.1.1.1',
  rsaPss: '1.2.840.113549.1.1.10',
  mgf1: '1.2.840.113549.1.1.8',
  ecdsaSha256: '1.2.840.10045.4.3.2',
} as const

const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts)
const set = (...parts: Uint8Array[]) => der(0x31, ...parts.toSorted((a, b) => Buffer.compare(a, b)))
const octets = (bytes: Uint8Array) => der(0x04, bytes)
const small = (value: number) => der(0x02, Uint8Array.of(value))
const absent = der(0x05)
const algorithm = (oid: string, parameters: Uint8Array = absent) => sequence(derOid(oid), parameters)
const attribute = (oid: string, value: Uint8Array) => sequence(derOid(oid), der(0x31, value))

/**
 * Returns a detached CMS SignedData (RFC 5652) over content whose SHA-256 is `digest`, DER, with the attributes of CAdES-B-B
 * for PDF (ETSI EN 319 142-1, 5.3): content type, message digest, signing-certificate-v2 (RFC 5035), and no signing time.
 */
export async function signCms(signer: CmsSigner, digest: Uint8Array): Promise<Uint8Array> {
  const [leaf] = signer.certificates
  if (!leaf) throw new RangeError('A signer without certificate')
  const { issuer, serial } = certificateName(leaf)
  const certificateHash = createHash('sha256').update(leaf).digest()
  const certificateId = sequence(octets(certificateHash), sequence(sequence(der(0xa4, issuer)), serial))
  const attributes = set(
    attribute(oids.contentType, derOid(oids.data)),
    attribute(oids.messageDigest, octets(digest)),
    attribute(oids.signingCertificateV2, sequence(sequence(certificateId))),
  )
  const signature = await signer.signAttributes(attributes)
  const signerInfo = sequence(
    small(1),
    sequence(issuer, serial),
    algorithm(oids.sha256),
    Buffer.concat([Uint8Array.of(0xa0), attributes.subarray(1)]),
    signatureAlgorithms[signer.algorithm],
    octets(signer.algorithm === 'ES256' ? derSignature(signature) : signature),
  )
  const signedData = sequence(
    small(1),
    set(algorithm(oids.sha256)),
    sequence(derOid(oids.data)),
    der(0xa0, ...signer.certificates),
    set(signerInfo),
  )
  return sequence(derOid(oids.signedData), der(0xa0, signedData))
}

const sha256WithoutParameters = sequence(derOid(oids.sha256))
const signatureAlgorithms = {
  RS256: algorithm(oids.rsaEncryption),
  PS256: algorithm(
    oids.rsaPss,
    sequence(der(0xa0, sha256WithoutParameters), der(0xa1, sequence(derOid(oids.mgf1), sha256WithoutParameters)), der(0xa2, small(32))),
  ),
  ES256: sequence(derOid(oids.ecdsaSha256)),
} as const

/** The value of the one signature: what a time stamp is put on. */
export function signatureValue(cms: Uint8Array): Uint8Array {
  return signerInfoOf(cms).fields.find(field => field.tag === 0x04)!.content
}

/** Returns the same CMS with a time-stamp token as unsigned attribute (ETSI EN 319 122-1, 5.3): CAdES-B-T. */
export function withTimestamp(cms: Uint8Array, token: Uint8Array): Uint8Array {
  const { signedData, fields } = signerInfoOf(cms)
  const signerInfo = sequence(
    ...fields.filter(field => field.tag !== 0xa1).map(field => field.bytes),
    der(0xa1, attribute(oids.timeStampToken, token)),
  )
  const others = derChildren(signedData).slice(0, -1)
  return sequence(derOid(oids.signedData), der(0xa0, sequence(...others.map(each => each.bytes), der(0x31, signerInfo))))
}

function signerInfoOf(cms: Uint8Array) {
  const [type, content] = derChildren(readDer(cms))
  if (oidText(type) !== oids.signedData || !content) throw new RangeError('no SignedData')
  const signedData = readDer(content.content)
  const infos = derChildren(derChildren(signedData).at(-1)!)
  if (infos.length !== 1) throw new RangeError('not exactly one signature')
  return { signedData, fields: derChildren(infos[0]!) }
}

/** Issuer and serial number as they lie in a certificate (RFC 5280, 4.1), DER. Throws RangeError. */
export function certificateName(certificate: Uint8Array): { issuer: Uint8Array; serial: Uint8Array } {
  const fields = derChildren(derChildren(readDer(certificate))[0]!)
  const at = fields[0]?.tag === 0xa0 ? 1 : 0
  const [serial, , issuer] = fields.slice(at)
  if (!serial || !issuer) throw new RangeError('no certificate')
  return { issuer: issuer.bytes, serial: serial.bytes }
}

/** r‖s as the SEQUENCE of two INTEGERs that X.509 and CMS want. */
function derSignature(signature: Uint8Array): Uint8Array {
  const integer = (bytes: Uint8Array) => {
    let at = 0
    while (at < bytes.length - 1 && bytes[at] === 0) at++
    const trimmed = bytes.subarray(at)
    return der(0x02, trimmed[0]! >= 0x80 ? Buffer.concat([Uint8Array.of(0), trimmed]) : trimmed)
  }
  return sequence(integer(signature.subarray(0, signature.length / 2)), integer(signature.subarray(signature.length / 2)))
}
