import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { AppError } from '../../core/errors.ts'

const cost = { n: 16_384, r: 8, p: 1 }
const oids = {
  pbes2: Buffer.from('06092a864886f70d01050d', 'hex'),
  scrypt: Buffer.from('06092b06010401da47040b', 'hex'),
  aes256Cbc: Buffer.from('060960864801650304012a', 'hex'),
}
const head = '-----BEGIN ENCRYPTED PRIVATE KEY-----'
const tail = '-----END ENCRYPTED PRIVATE KEY-----'

/**
 * PEM of an EncryptedPrivateKeyInfo (RFC 5958) under scrypt (RFC 7914, N 16384, r 8, p 1) and AES-256-CBC, which OpenSSL reads too.
 * `pkcs8` is the DER of a PrivateKeyInfo; the caller wipes it.
 */
export async function encryptPkcs8(pkcs8: Uint8Array, passphrase: string): Promise<string> {
  const salt = randomBytes(16)
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-cbc', await derive(passphrase, salt, cost), iv)
  const encrypted = Buffer.concat([cipher.update(pkcs8), cipher.final()])
  const kdf = sequence(oids.scrypt, sequence(tlv(4, salt), integer(cost.n), integer(cost.r), integer(cost.p), integer(32)))
  const der = sequence(sequence(oids.pbes2, sequence(kdf, sequence(oids.aes256Cbc, tlv(4, iv)))), tlv(4, encrypted))
  return `${head}\n${der
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n')}\n${tail}\n`
}

/** The DER of the PrivateKeyInfo inside. Throws `key.file` for another form, damage or another passphrase. The caller wipes it. */
export async function decryptPkcs8(pem: string, passphrase: string): Promise<Buffer> {
  try {
    const body = pem.trim()
    if (!body.startsWith(head) || !body.endsWith(tail)) throw new Error('not PEM of an encrypted private key')
    const [algorithm, encrypted] = children(Buffer.from(body.slice(head.length, -tail.length), 'base64'), 2)
    const [scheme, parameters] = children(algorithm!, 2)
    const [kdf, encryption] = children(parameters!, 2)
    const [kdfOid, kdfParameters] = children(kdf!, 2)
    const [encryptionOid, iv] = children(encryption!, 2)
    if (!scheme!.equals(oids.pbes2) || !kdfOid!.equals(oids.scrypt) || !encryptionOid!.equals(oids.aes256Cbc))
      throw new Error('not scrypt and AES')
    const [salt, n, r, p] = children(kdfParameters!, 4)
    const found = { n: toNumber(n!), r: toNumber(r!), p: toNumber(p!) }
    if (found.n > 1 << 20 || found.r > 32 || found.p > 16) throw new Error('scrypt parameters out of bounds')
    const decipher = createDecipheriv('aes-256-cbc', await derive(passphrase, content(salt!), found), content(iv!))
    return Buffer.concat([decipher.update(content(encrypted!)), decipher.final()])
  } catch (cause) {
    throw new AppError('key.file', undefined, { cause })
  }
}

function derive(passphrase: string, salt: Uint8Array, { n, r, p }: typeof cost): Promise<Buffer> {
  return new Promise((resolve, reject) =>
    scrypt(passphrase.normalize('NFC'), salt, 32, { N: n, r, p, maxmem: 256 * n * r }, (error, key) =>
      error ? reject(error) : resolve(key),
    ),
  )
}

function tlv(tag: number, value: Uint8Array): Buffer {
  const { length } = value
  const header = length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from(header), value])
}

function sequence(...parts: Uint8Array[]): Buffer {
  return tlv(0x30, Buffer.concat(parts))
}

function integer(value: number): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return tlv(2, bytes[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes)
}

function toNumber(element: Buffer): number {
  return Number.parseInt(content(element).toString('hex'), 16)
}

function content(element: Buffer): Buffer {
  const { start, end } = bounds(element, 0)
  return element.subarray(start, end)
}

/** The elements inside the first one of `der`, each with its header; at least `count` of them. */
function children(der: Buffer, count: number): Buffer[] {
  const inner = content(der)
  const found: Buffer[] = []
  for (let at = 0; at < inner.length; ) {
    const { end } = bounds(inner, at)
    found.push(inner.subarray(at, end))
    at = end
  }
  if (found.length < count) throw new Error('DER with fewer elements than expected')
  return found
}

function bounds(der: Buffer, at: number): { start: number; end: number } {
  const first = der[at + 1]!
  const bytes = first < 128 ? 0 : first & 127
  if (bytes > 3) throw new Error('DER of an element too long')
  const length = bytes === 0 ? first : der.readUIntBE(at + 2, bytes)
  const start = at + 2 + bytes
  if (start + length > der.length) throw new Error('DER cut short')
  return { start, end: start + length }
}
