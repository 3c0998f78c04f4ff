import { generateKeyPairSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { AppError } from '../../core/errors.ts'
import { decryptPkcs8, encryptPkcs8 } from './encryptedPkcs8.ts'
import type { KeyFile } from './fileSigner.ts'
import { assertTyped, type TypedMessage } from './signer.ts'
import { writeDurably } from './writeDurably.ts'

/** The key whose EIP-712 signature the contract asks for (formats 6). `address` is 0x and 40 lowercase hex digits. */
export interface AnchorSigner {
  readonly use: 'anchor'
  readonly address: string
  /**
   * Signs `0x1901 ‖ domain separator ‖ struct hash` (66 bytes, kind `anchor`; ethers: `TypedDataEncoder.encode`). Answers 65
   * bytes r‖s‖v with v 27 or 28 and low s. Throws `key.wrong-use` for any other message.
   */
  sign(message: TypedMessage): Uint8Array
}

/** Makes a secp256k1 key in an encrypted PKCS#8 file that must not exist yet. */
export async function createAnchorKeyFile({ file, passphrase }: KeyFile): Promise<AnchorSigner> {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'secp256k1',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  })
  try {
    await writeDurably(file, await encryptPkcs8(privateKey, passphrase))
    return anchorSigner(secretOf(privateKey))
  } finally {
    privateKey.fill(0)
  }
}

/** The anchor signer of an encrypted PKCS#8 file. Throws `key.file` when it is missing, damaged, of another kind or passphrase. */
export async function loadAnchorKeyFile({ file, passphrase }: KeyFile): Promise<AnchorSigner> {
  const pem = await readFile(file, 'utf8').catch(cause => {
    throw new AppError('key.file', undefined, { cause })
  })
  const pkcs8 = await decryptPkcs8(pem, passphrase)
  try {
    return anchorSigner(secretOf(pkcs8))
  } finally {
    pkcs8.fill(0)
  }
}

function anchorSigner(secret: Uint8Array): AnchorSigner {
  const publicKey = secp256k1.getPublicKey(secret, false)
  return {
    use: 'anchor',
    address: `0x${Buffer.from(keccak_256(publicKey.subarray(1)).subarray(12)).toString('hex')}`,
    sign(message) {
      assertTyped('anchor', message)
      const recovered = secp256k1.sign(keccak_256(message.bytes), secret, { prehash: false, lowS: true, format: 'recovered' })
      const out = new Uint8Array(65)
      out.set(recovered.subarray(1))
      out[64] = 27 + recovered[0]!
      return out
    },
  }
}

// RFC 5915: the ECPrivateKey inside PrivateKeyInfo begins 02 01 01 04 20, then the 32 bytes; OID 1.3.132.0.10 names the curve.
const curveOid = Buffer.from('06052b8104000a', 'hex')
const scalarPrefix = Buffer.from('0201010420', 'hex')

function secretOf(pkcs8: Buffer): Uint8Array {
  const at = pkcs8.indexOf(scalarPrefix)
  if (at < 0 || pkcs8.indexOf(curveOid) < 0) throw new AppError('key.file', 'Not a secp256k1 key')
  const secret = Uint8Array.from(pkcs8.subarray(at + scalarPrefix.length, at + scalarPrefix.length + 32))
  return secret
}
