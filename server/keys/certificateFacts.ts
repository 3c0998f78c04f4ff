import 'reflect-metadata'
import { X509Certificate } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { AppError } from '../../core/errors.ts'

/** What a person is shown of a certificate and its chain. Times in seconds; `fingerprint` hex SHA-256 of the DER. */
export interface CertificateFacts {
  readonly subject: string
  readonly issuer: string
  readonly serial: string
  readonly fingerprint: string
  /** "RSA 2048", "P-256". */
  readonly key: string
  readonly validFrom: number
  readonly validUntil: number
  /** Subjects above it, as far as they came along. */
  readonly chain: readonly string[]
  readonly isSelfSigned: boolean
}

const signs = x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.nonRepudiation

/** The facts of a chain, base64 of DER, leaf first. Throws `key.certificate` for what is no certificate. */
export function certificateFacts(x5c: readonly string[]): CertificateFacts {
  const [leaf, ...above] = x5c.map(parse)
  if (!leaf) throw new AppError('key.certificate')
  return {
    subject: nameOf(leaf.subject),
    issuer: nameOf(leaf.issuer),
    serial: leaf.serialNumber,
    fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    key: keyOf(leaf),
    validFrom: Math.ceil(Date.parse(leaf.validFrom) / 1000),
    validUntil: Math.floor(Date.parse(leaf.validTo) / 1000),
    chain: above.map(certificate => nameOf(certificate.subject)),
    isSelfSigned: leaf.checkIssued(leaf),
  }
}

/**
 * Asserts that a certificate may stand for signatures at `at` (seconds). Throws `key.window` once it has ended, `key.certificate` where its
 * key usage (RFC 5280 4.2.1.3) allows no signatures.
 */
export function assertSigningCertificate(certificate: string, at: number): void {
  const { validTo } = parse(certificate)
  if (Date.parse(validTo) / 1000 < at)
    throw new AppError('key.window', `The certificate ended on ${new Date(validTo).toISOString().slice(0, 10)}`)
  const usage = new x509.X509Certificate(certificate).getExtension(x509.KeyUsagesExtension)?.usages
  if (usage !== undefined && (usage & signs) === 0)
    throw new AppError('key.certificate', 'The certificate is not for signatures (key usage)')
}

function parse(certificate: string): X509Certificate {
  try {
    return new X509Certificate(Buffer.from(certificate, 'base64'))
  } catch (cause) {
    throw new AppError('key.certificate', undefined, { cause })
  }
}

const partsInOrder = ['CN', 'OU', 'O', 'L', 'ST', 'C']

/** A distinguished name in one line, from the person or body to the country, as people read it. */
function nameOf(name: string): string {
  const rank = (part: string) => {
    const at = partsInOrder.indexOf(part.slice(0, part.indexOf('=')))
    return at === -1 ? partsInOrder.length : at
  }
  return name
    .split('\n')
    .filter(Boolean)
    .sort((a, b) => rank(a) - rank(b))
    .join(', ')
}

function keyOf({ publicKey }: X509Certificate): string {
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {}
  if (publicKey.asymmetricKeyType === 'rsa') return `RSA ${modulusLength}`
  return namedCurve === 'prime256v1' ? 'P-256' : (namedCurve ?? String(publicKey.asymmetricKeyType))
}
