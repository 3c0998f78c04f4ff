import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { P256Jwk } from '../../core/crypto/coreCrypto.ts'
import { AppError } from '../../core/errors.ts'
import { decryptPkcs8, encryptPkcs8 } from './encryptedPkcs8.ts'
import { signEs256 } from './es256.ts'
import { jwkIdentity } from './jwkIdentity.ts'
import { assertTyped, type JwkSigner, type Signer, type SignerUse } from './signer.ts'

/** An Ed25519 signer; `publicKey` is 32 bytes. */
export interface Ed25519Signer extends Signer {
  readonly algorithm: 'Ed25519'
  readonly publicKey: Uint8Array
}

/** Makes a P-256 key in an encrypted PKCS#8 file that must not exist yet, on disk before it is answered. */
export async function createKeyFile(file: string, passphrase: string, use: SignerUse): Promise<JwkSigner> {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  })
  return keepKey(file, passphrase, privateKey, key => es256Signer(key, use))
}

/** The P-256 signer of an encrypted PKCS#8 file. Throws `key.file` when it is missing, damaged, of another kind or passphrase. */
export async function loadKeyFile(file: string, passphrase: string, use: SignerUse): Promise<JwkSigner> {
  return es256Signer(await readKey(file, passphrase, 'prime256v1'), use)
}

/** Makes an Ed25519 key file; else like `createKeyFile`. */
export async function createEd25519File(file: string, passphrase: string, use: 'log'): Promise<Ed25519Signer> {
  const { privateKey } = generateKeyPairSync('ed25519', {
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  })
  return keepKey(file, passphrase, privateKey, key => ed25519Signer(key, use))
}

/** The Ed25519 signer of an encrypted PKCS#8 file. Throws like `loadKeyFile`. */
export async function loadEd25519File(file: string, passphrase: string, use: 'log'): Promise<Ed25519Signer> {
  return ed25519Signer(await readKey(file, passphrase, undefined), use)
}

/** A signer over a P-256 key that is in this process's memory. Throws `key.file` for another kind of key. */
export function es256Signer(key: KeyObject, use: SignerUse): JwkSigner {
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new AppError('key.file', 'Not a P-256 key')
  const { x, y } = createPublicKey(key).export({ format: 'jwk' })
  const jwk: P256Jwk = { kty: 'EC', crv: 'P-256', x: x!, y: y! }
  return {
    use,
    algorithm: 'ES256',
    ...jwkIdentity(jwk),
    sign(message) {
      assertTyped(use, message)
      return signEs256(key, message.bytes)
    },
  }
}

function ed25519Signer(key: KeyObject, use: SignerUse): Ed25519Signer {
  if (key.asymmetricKeyType !== 'ed25519') throw new AppError('key.file', 'Not an Ed25519 key')
  return {
    use,
    algorithm: 'Ed25519',
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-32),
    sign(message) {
      assertTyped(use, message)
      return sign(null, message.bytes, key)
    },
  }
}

/** Encrypts the DER into the file, wipes it, and answers the signer made from it. */
export async function keepKey<T>(file: string, passphrase: string, pkcs8: Buffer, signerOf: (key: KeyObject) => T): Promise<T> {
  try {
    const signer = signerOf(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }))
    await writeDurably(file, await encryptPkcs8(pkcs8, passphrase))
    return signer
  } finally {
    pkcs8.fill(0)
  }
}

async function readKey(file: string, passphrase: string, curve: string | undefined): Promise<KeyObject> {
  const pem = await readFile(file, 'utf8').catch(cause => {
    throw new AppError('key.file', undefined, { cause })
  })
  const pkcs8 = await decryptPkcs8(pem, passphrase)
  try {
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
    if (key.asymmetricKeyDetails?.namedCurve !== curve) throw new AppError('key.file', 'Another kind of key')
    return key
  } finally {
    pkcs8.fill(0)
  }
}

/** Writes a file of mode 0600 that is on disk when this answers. Throws `key.file` when there is one already. */
export async function writeDurably(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const existing = await open(file, 'r').catch(() => null)
  if (existing) {
    await existing.close()
    throw new AppError('key.file', 'A key file of this name exists already')
  }
  const handle = await open(`${file}.new`, 'w', 0o600)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${file}.new`, file)
  const folder = await open(dirname(file), 'r')
  await folder.sync().finally(() => folder.close())
}
