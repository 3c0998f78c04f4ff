import { generateKeyPair, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import forge from 'node-forge'
import { exists, writeDurably } from './writeDurably.ts'

/** What stands for the state's certificate service in the demonstration: RSA, and worth nothing outside it. */
export interface StateCa {
  /** PEM of its self-signed certificate. */
  readonly certificate: string
  /** A certificate for signing documents and endorsing keys, with its new RSA key, as PKCS#12. */
  issue(organisation: string, passphrase: string): Promise<Buffer>
}

const makeKeyPair = promisify(generateKeyPair)
const name = 'MẪU: Chứng thực chuyên dùng (không có giá trị)'
const years = 10

/** Opens the demonstration's state authority in `dir`, making it the first time. */
export async function openStateCa(dir: string, passphrase: string): Promise<StateCa> {
  const file = join(dir, 'state-ca.p12')
  const { key, certificate } = (await exists(file)) ? readCa(await readFile(file), passphrase) : await createCa(file, passphrase)
  return {
    certificate: forge.pki.certificateToPem(certificate),
    async issue(organisation, filePassphrase) {
      const pair = await makeRsaPair()
      const leaf = certify(pair.publicKey, `MẪU: ${organisation}`, name, [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', critical: true, digitalSignature: true, nonRepudiation: true },
        { name: 'extKeyUsage', '1.3.6.1.5.5.7.3.36': true, emailProtection: true },
        { name: 'subjectKeyIdentifier' },
        { name: 'authorityKeyIdentifier', keyIdentifier: certificate.generateSubjectKeyIdentifier().getBytes() },
      ])
      leaf.sign(key, forge.md.sha256.create())
      return toPkcs12(pair.privateKey, [leaf, certificate], filePassphrase)
    },
  }
}

async function createCa(file: string, passphrase: string) {
  const { privateKey, publicKey } = await makeRsaPair()
  const certificate = certify(publicKey, name, name, [
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ])
  certificate.sign(privateKey, forge.md.sha256.create())
  await writeDurably(file, toPkcs12(privateKey, [certificate], passphrase))
  return { key: privateKey, certificate }
}

function readCa(bytes: Buffer, passphrase: string) {
  const pfx = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(bytes.toString('latin1')), true, passphrase)
  const { pkcs8ShroudedKeyBag, certBag } = forge.pki.oids as Record<string, string>
  const key = pfx.getBags({ bagType: pkcs8ShroudedKeyBag! })[pkcs8ShroudedKeyBag!]![0]!.key as forge.pki.rsa.PrivateKey
  return { key, certificate: pfx.getBags({ bagType: certBag! })[certBag!]![0]!.cert! }
}

/** RSA 2048 by node:crypto, which is much faster at it than forge. */
async function makeRsaPair(): Promise<forge.pki.rsa.KeyPair> {
  const pair = await makeKeyPair('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  return { publicKey: forge.pki.publicKeyFromPem(pair.publicKey), privateKey: forge.pki.privateKeyFromPem(pair.privateKey) }
}

function certify(publicKey: forge.pki.rsa.PublicKey, subject: string, issuer: string, extensions: object[]): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = publicKey
  certificate.serialNumber = `40${randomBytes(15).toString('hex')}`
  certificate.validity.notBefore = new Date(Date.now() - 86_400_000)
  certificate.validity.notAfter = new Date(Date.now() + years * 365.25 * 86_400_000)
  certificate.setSubject(distinguishedName(subject))
  certificate.setIssuer(distinguishedName(issuer))
  certificate.setExtensions(extensions)
  return certificate
}

function distinguishedName(commonName: string): forge.pki.CertificateField[] {
  const valueTagClass = forge.asn1.Type.UTF8 as unknown as forge.asn1.Class
  return [
    { name: 'commonName', value: commonName, valueTagClass },
    { name: 'countryName', value: 'VN' },
  ]
}

function toPkcs12(key: forge.pki.rsa.PrivateKey, certificates: forge.pki.Certificate[], passphrase: string): Buffer {
  const pfx = forge.pkcs12.toPkcs12Asn1(key, certificates, passphrase, { algorithm: 'aes256', generateLocalKeyId: true })
  return Buffer.from(forge.asn1.toDer(pfx).getBytes(), 'latin1')
}
