import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { AppError } from '../../core/errors.ts'
import { decryptPkcs8, encryptPkcs8 } from './encryptedPkcs8.ts'
import { memorySigner, type RsaPadding } from './memorySigner.ts'
import { assertTyped, type JwkSigner, type Signer, type SignerUse } from './signer.ts'
import { writeDurably } from './writeDurably.ts'

/** Where a copy of a private key is kept, and what opens it. */
export interface KeyFile {
  readonly file: string
  readonly passphrase: string
}

/** An Ed25519 signer; `publicKey` is 32 bytes. */
export interface Ed25519Signer extends Signer {
  readonly algorithm: 'Ed25519'
  readonly publicKey: Uint8Array
}

const publicKeyEncoding = { type: 'spki', format: 'der' } as const
const privateKeyEncoding = { type: 'pkcs8', format: 'der' } as const

/** Makes a P-256 key in encrypted PKCS#8 files (one a copy) that must not exist yet; they are on disk before it is answered. */
export async function createKeyFile(copies: KeyFile | readonly KeyFile[], use: SignerUse): Promise<JwkSigner> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding, privateKeyEncoding })
  return keepKey(copies, privateKey, key => memorySigner(key, use))
}

/** The P-256 or RSA signer of an encrypted PKCS#8 file. Throws `key.file` when it is missing, damaged, of another kind or passphrase. */
export async function loadKeyFile(copy: KeyFile, use: SignerUse, documents?: RsaPadding): Promise<JwkSigner> {
  return memorySigner(await readKeyFile(copy), use, documents)
}

/** Makes an Ed25519 key for a log; else like `createKeyFile`. */
export async function createEd25519File(copy: KeyFile): Promise<Ed25519Signer> {
  const { privateKey } = generateKeyPairSync('ed25519', { publicKeyEncoding, privateKeyEncoding })
  return keepKey(copy, privateKey, ed25519Signer)
}

/** A log's Ed25519 signer of an encrypted PKCS#8 file. Throws like `loadKeyFile`. */
export async function loadEd25519File(copy: KeyFile): Promise<Ed25519Signer> {
  return ed25519Signer(await readKeyFile(copy))
}

function ed25519Signer(key: KeyObject): Ed25519Signer {
  if (key.asymmetricKeyType !== 'ed25519') throw new AppError('key.file', 'Not an Ed25519 key')
  return {
    use: 'log',
    algorithm: 'Ed25519',
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-32),
    sign(message) {
      assertTyped('log', message)
      return sign(null, message.bytes, key)
    },
  }
}

/** Writes encrypted copies of a private key's DER (PrivateKeyInfo), wipes it, and answers the signer made from it. */
export async function keepKey<T>(copies: KeyFile | readonly KeyFile[], pkcs8: Buffer, signerOf: (key: KeyObject) => T): Promise<T> {
  try {
    const signer = signerOf(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }))
    for (const { file, passphrase } of [copies].flat() as KeyFile[]) await writeDurably(file, await encryptPkcs8(pkcs8, passphrase))
    return signer
  } finally {
    pkcs8.fill(0)
  }
}

/** Writes more encrypted copies of a key, under other passphrases. Throws like `loadKeyFile`. */
export async function copyKeyFile(from: KeyFile, copies: readonly KeyFile[]): Promise<void> {
  const pkcs8 = await readPkcs8(from)
  await keepKey(copies, pkcs8, () => undefined)
}

/** The private key of an encrypted PKCS#8 file, for a signer that wraps it. Throws `key.file`. */
export async function readKeyFile(from: KeyFile): Promise<KeyObject> {
  const pkcs8 = await readPkcs8(from)
  try {
    return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  } catch (cause) {
    throw new AppError('key.file', 'The file holds no private key', { cause })
  } finally {
    pkcs8.fill(0)
  }
}

async function readPkcs8({ file, passphrase }: KeyFile): Promise<Buffer> {
  const pem = await readFile(file, 'utf8').catch(cause => {
    throw new AppError('key.file', 'The key file cannot be read', { cause })
  })
  return decryptPkcs8(pem, passphrase)
}
