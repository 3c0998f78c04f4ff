import 'reflect-metadata'
import { generateKeyPairSync, type KeyObject, randomBytes, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import type { P256Jwk } from '../../core/crypto/coreCrypto.ts'
import { type KeyFile, keepKey, readKeyFile } from './fileSigner.ts'

/** The trust office's EC authority, which certifies agency keys for `x5c` (formats 2). Its private key stays inside. */
export interface AgencyCa {
  /** PEM of its own certificate, the root that a wallet may be given. */
  readonly certificate: string
  /** A leaf certificate in base64 of DER for a key whose tokens say `iss`: the URI is its one subject alternative name. Times in seconds. */
  certify(leaf: { jwk: P256Jwk; iss: string; name: string; notBefore: number; notAfter: number }): Promise<string>
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const

/** Makes the authority's key in encrypted files, and its self-signed certificate, valid from `at` (seconds) for so many years. */
export async function createAgencyCa(copies: readonly KeyFile[], name: string, at: number, years: number): Promise<AgencyCa> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  })
  const key = await keepKey(copies, privateKey, made => made)
  const spki = await webcrypto.subtle.importKey('spki', publicKey, algorithm, true, ['verify'])
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serial(),
      subject: distinguishedName(name),
      issuer: distinguishedName(name),
      notBefore: new Date((at - 3600) * 1000),
      notAfter: new Date((at + years * 365.25 * 86_400) * 1000),
      publicKey: spki,
      signingKey: signingKey(key),
      signingAlgorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(spki, false, webcrypto),
      ],
    },
    webcrypto,
  )
  return agencyCa(key, certificate)
}

/** Opens the authority from its key file and the PEM of its certificate. Throws `key.file`. */
export async function openAgencyCa(copy: KeyFile, certificate: string): Promise<AgencyCa> {
  return agencyCa(await readKeyFile(copy), new x509.X509Certificate(certificate))
}

function agencyCa(key: KeyObject, own: x509.X509Certificate): AgencyCa {
  return {
    certificate: own.toString('pem'),
    async certify({ jwk, iss, name, notBefore, notAfter }) {
      const publicKey = await webcrypto.subtle.importKey('jwk', { ...jwk, ext: true }, algorithm, true, ['verify'])
      const leaf = await x509.X509CertificateGenerator.create(
        {
          serialNumber: serial(),
          subject: distinguishedName(name),
          issuer: own.subjectName.toJSON(),
          notBefore: new Date(Math.max(notBefore * 1000, own.notBefore.getTime())),
          notAfter: new Date(Math.min(notAfter * 1000, own.notAfter.getTime())),
          publicKey,
          signingKey: signingKey(key),
          signingAlgorithm,
          extensions: [
            new x509.BasicConstraintsExtension(false, undefined, true),
            new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
            new x509.SubjectAlternativeNameExtension([{ type: 'url', value: iss }]),
            await x509.SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
            await x509.AuthorityKeyIdentifierExtension.create(await own.publicKey.export(webcrypto), false, webcrypto as never),
          ],
        },
        webcrypto,
      )
      return Buffer.from(leaf.rawData).toString('base64')
    },
  }
}

/** WebCrypto's handle on the key, which it will not export. */
function signingKey(key: KeyObject): webcrypto.CryptoKey {
  return key.toCryptoKey(algorithm, false, ['sign'])
}

function distinguishedName(name: string): x509.JsonName {
  return [{ CN: [name] }, { C: ['VN'] }]
}

/** 16 random bytes, positive (RFC 5280 4.1.2.2). */
function serial(): string {
  const bytes = randomBytes(16)
  bytes[0]! &= 0x7f
  bytes[0]! |= 0x40
  return bytes.toString('hex')
}
