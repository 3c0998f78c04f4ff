import { constants, createHash, type KeyObject, verify, X509Certificate } from 'node:crypto'
import { certificateName, oids } from './cms.ts'
import { type DerNode, derChildren, oidText, readDer } from './der.ts'

export interface CmsVerification {
  /** True when digest, attributes and signature all hold under the certificate's key. */
  verified: boolean
  /** The signer's certificate, DER; absent when the CMS carries none that fits. */
  certificate?: Uint8Array
  /** The SignedData's own content, where it has some. */
  content?: Uint8Array
  /** Time of the time-stamp token, seconds, when there is one whose signature and imprint hold. */
  timestamp?: { at: number; certificate: Uint8Array }
}

const hashes: Record<string, string> = { [oids.sha256]: 'sha256', [oids.sha384]: 'sha384', [oids.sha512]: 'sha512' }
const ecdsa: Record<string, string> = { [oids.ecdsaSha256]: 'sha256', '1.2.840.10045.4.3.3': 'sha384', '1.2.840.10045.4.3.4': 'sha512' }
const rsa: Record<string, string> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
}
const keyPurposeTimeStamping = '1.3.6.1.5.5.7.3.8'

/**
 * Verifies a CMS SignedData with one signature (RFC 5652) over `parts`, or over its own content where `parts` is absent. SHA-2,
 * RSA PKCS#1 v1.5, RSA-PSS and ECDSA; signed attributes with signing-certificate-v2 are required. It says nothing about whose
 * certificate it is. Never throws: what cannot be read is not verified.
 */
export function verifyCms(cms: Uint8Array, parts?: readonly Uint8Array[]): CmsVerification {
  try {
    return verifyParsed(cms, parts)
  } catch {
    return { verified: false }
  }
}

function verifyParsed(cms: Uint8Array, parts: readonly Uint8Array[] | undefined): CmsVerification {
  const [type, wrapped] = derChildren(readDer(cms))
  if (oidText(type) !== oids.signedData || wrapped?.tag !== 0xa0) return { verified: false }
  const fields = derChildren(readDer(wrapped.content))
  const [contentType, contentWrapped] = derChildren(fields[2]!)
  const content = contentWrapped ? readDer(contentWrapped.content).content : undefined
  const certificates = fields.filter(field => field.tag === 0xa0).flatMap(derChildren)
  const infos = derChildren(fields.at(-1)!)
  if (infos.length !== 1) return { verified: false }
  const [, id, digestAlgorithm, attributes, signatureAlgorithm, signature, unsigned] = derChildren(infos[0]!)
  const certificate = certificates.find(each => isNamed(each.bytes, id!))?.bytes
  if (!certificate) return { verified: false }
  const result: CmsVerification = { verified: false, certificate, ...(content ? { content } : {}) }
  const digestName = hashes[oidText(derChildren(digestAlgorithm!)[0])]
  if (attributes?.tag !== 0xa0 || signature?.tag !== 0x04 || !digestName) return result

  const signed = attributeMap(attributes)
  const hash = createHash(digestName)
  for (const part of parts ?? (content ? [content] : [])) hash.update(part)
  const digest = hash.digest()
  if (oidText(signed.get(oids.contentType)) !== oidText(contentType)) return result
  if (!digest.equals(signed.get(oids.messageDigest)?.content ?? new Uint8Array(0))) return result
  if (!namesCertificate(signed, certificate)) return result

  const key = new X509Certificate(certificate).publicKey
  const message = Buffer.concat([Uint8Array.of(0x31), attributes.bytes.subarray(1)])
  result.verified = signatureHolds(signatureAlgorithm!, digestName, key, message, signature.content)
  const token = unsigned?.tag === 0xa1 ? attributeMap(unsigned).get(oids.timeStampToken) : undefined
  const timestamp = token && openTimestamp(token.bytes, signature.content)
  return timestamp ? { ...result, timestamp } : result
}

/** Time and signer of a time-stamp token (RFC 3161) over `stamped`; undefined when anything in it does not hold. */
export function openTimestamp(token: Uint8Array, stamped: Uint8Array): { at: number; certificate: Uint8Array } | undefined {
  const { verified, content, certificate } = verifyCms(token)
  if (!verified || !content || !certificate) return undefined
  if (!new X509Certificate(certificate).keyUsage?.includes(keyPurposeTimeStamping)) return undefined
  const [, , imprint, , time] = derChildren(readDer(content))
  const [algorithm, digest] = derChildren(imprint!)
  const name = hashes[oidText(derChildren(algorithm!)[0])]
  if (!name || time?.tag !== 0x18 || !createHash(name).update(stamped).digest().equals(digest!.content)) return undefined
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(Buffer.from(time.content).toString('latin1'))
  if (!parts) return undefined
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [number, number, number, number, number, number]
  return { at: Date.UTC(year, month - 1, day, hour, minute, second) / 1000, certificate }
}

function signatureHolds(algorithm: DerNode, digestName: string, key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  const [oid, parameters] = derChildren(algorithm)
  const name = oidText(oid)
  if (name === oids.rsaPss) {
    const pss = pssParameters(parameters)
    if (!pss || key.asymmetricKeyType === 'ec') return false
    return verify(pss.hash, message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: pss.saltLength }, signature)
  }
  if (ecdsa[name]) return key.asymmetricKeyType === 'ec' && verify(ecdsa[name], message, key, signature)
  const hash = name === oids.rsaEncryption ? digestName : rsa[name]
  return hash !== undefined && key.asymmetricKeyType === 'rsa' && verify(hash, message, key, signature)
}

/** Only the same SHA-2 in both places; the defaults of RFC 4055 are SHA-1 and refused. */
function pssParameters(node: DerNode | undefined): { hash: string; saltLength: number } | undefined {
  if (node?.tag !== 0x30) return undefined
  const fields = new Map(derChildren(node).map(field => [field.tag, readDer(field.content)]))
  const hash = hashes[oidText(fields.get(0xa0) && derChildren(fields.get(0xa0)!)[0])]
  const [mask, maskHash] = fields.get(0xa1) ? derChildren(fields.get(0xa1)!) : []
  const salt = fields.get(0xa2)?.content
  if (!hash || oidText(mask) !== oids.mgf1 || hashes[oidText(maskHash && derChildren(maskHash)[0])] !== hash) return undefined
  return { hash, saltLength: salt ? Buffer.from(salt).readUIntBE(0, Math.min(salt.length, 2)) : 20 }
}

function attributeMap(node: DerNode): Map<string, DerNode> {
  const found = new Map<string, DerNode>()
  for (const attribute of derChildren(node)) {
    const [oid, values] = derChildren(attribute)
    const name = oidText(oid)
    if (found.has(name)) throw new RangeError('an attribute twice')
    const [value] = derChildren(values!)
    if (value) found.set(name, value)
  }
  return found
}

/** signing-certificate-v2 (RFC 5035), or the older one with SHA-1 that time-stamp tokens still use, names this certificate first. */
function namesCertificate(signed: Map<string, DerNode>, certificate: Uint8Array): boolean {
  const v2 = signed.get(oids.signingCertificateV2)
  const v1 = signed.get('1.2.840.113549.1.9.16.2.12')
  const reference = v2 ?? v1
  if (!reference) return false
  const fields = derChildren(derChildren(derChildren(reference)[0]!)[0]!)
  const named = fields[0]?.tag === 0x30 ? hashes[oidText(derChildren(fields[0])[0])] : v2 ? 'sha256' : 'sha1'
  const value = fields.find(field => field.tag === 0x04)
  return named !== undefined && value !== undefined && createHash(named).update(certificate).digest().equals(value.content)
}

/** Whether a signer identifier (RFC 5652, 5.3) is this certificate's issuer and serial number. */
function isNamed(certificate: Uint8Array, id: DerNode): boolean {
  if (id.tag !== 0x30) return false
  try {
    const { issuer, serial } = certificateName(certificate)
    return Buffer.concat([issuer, serial]).equals(id.content)
  } catch {
    return false
  }
}
