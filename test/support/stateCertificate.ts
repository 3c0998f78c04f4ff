import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import forge from 'node-forge'
import type { CmsSigner } from '../../server/keys/cms.ts'

export interface StateCertificate {
  certificate: Uint8Array
  issuer: Uint8Array
  issuerPem: string
  privateKey: KeyObject
  /** PKCS#12 with key and chain, passphrase "abc". */
  pkcs12: Uint8Array
}

/** A certificate of an RSA key under a test authority, as a ministry has them, valid between the given times. */
export function makeStateCertificate({
  name = 'Học viện Hành chính (MẪU)',
  from = '2026-01-01',
  to = '2029-01-01',
} = {}): StateCertificate {
  const authority = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const leaf = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const authorityName = [{ name: 'commonName', value: 'CA thử nghiệm (MẪU)', valueTagClass: forge.asn1.Type.UTF8 as never }]
  const root = certificateOf(authority.publicKey, authority.privateKey, authorityName, authorityName, '2020-01-01', '2040-01-01', true)
  const own = certificateOf(
    leaf.publicKey,
    authority.privateKey,
    [{ name: 'commonName', value: name, valueTagClass: forge.asn1.Type.UTF8 as never }],
    authorityName,
    from,
    to,
    false,
  )
  const p12 = forge.pkcs12.toPkcs12Asn1(forgeKey(leaf.privateKey), [own, root], 'abc', { algorithm: '3des' })
  return {
    certificate: derOf(forge.pki.certificateToAsn1(own)),
    issuer: derOf(forge.pki.certificateToAsn1(root)),
    issuerPem: forge.pki.certificateToPem(root),
    privateKey: leaf.privateKey,
    pkcs12: derOf(p12),
  }
}

/** A signer over its key, as `signerPool.documentSigner` gives one. */
export function cmsSignerOf({ certificate, issuer, privateKey }: StateCertificate, algorithm: 'RS256' | 'PS256' = 'RS256'): CmsSigner {
  return {
    certificates: [certificate, issuer],
    algorithm,
    signAttributes: der =>
      algorithm === 'RS256'
        ? sign('sha256', der, privateKey)
        : sign('sha256', der, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  }
}

function certificateOf(
  publicKey: KeyObject,
  signingKey: KeyObject,
  subject: forge.pki.CertificateField[],
  issuer: forge.pki.CertificateField[],
  from: string,
  to: string,
  isAuthority: boolean,
) {
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey.export({ type: 'spki', format: 'pem' }) as string)
  certificate.serialNumber = isAuthority ? '01' : `02${Date.parse(from).toString(16).padStart(12, '0')}`
  certificate.validity.notBefore = new Date(from)
  certificate.validity.notAfter = new Date(to)
  certificate.setSubject(subject)
  certificate.setIssuer(issuer)
  certificate.setExtensions([
    { name: 'basicConstraints', cA: isAuthority },
    { name: 'keyUsage', critical: true, digitalSignature: true, nonRepudiation: !isAuthority, keyCertSign: isAuthority },
  ])
  certificate.sign(forgeKey(signingKey), forge.md.sha256.create())
  return certificate
}

const forgeKey = (key: KeyObject) => forge.pki.privateKeyFromPem(key.export({ type: 'pkcs8', format: 'pem' }) as string)
const derOf = (node: forge.asn1.Asn1) => new Uint8Array(Buffer.from(forge.asn1.toDer(node).getBytes(), 'latin1'))
