import { join } from 'node:path'
import { type AnchorSigner, createAnchorKeyFile, loadAnchorKeyFile } from './anchorSigner.ts'
import { createEd25519File, type Ed25519Signer, type KeyFile, loadEd25519File } from './fileSigner.ts'
import { exists } from './writeDurably.ts'

/** The log's Ed25519 signer, `dir/log.p8`; made where it is missing. Its note: `sign({ kind: 'checkpoint', bytes })`. Throws `key.file`. */
export async function openLogSigner(dir: string, passphrase: string): Promise<Ed25519Signer> {
  return openOrMake({ file: join(dir, 'log.p8'), passphrase }, loadEd25519File, createEd25519File)
}

/** The contract's anchor signer (secp256k1), `dir/anchor.p8`; made where it is missing. Throws `key.file`. */
export async function openAnchorSigner(dir: string, passphrase: string): Promise<AnchorSigner> {
  return openOrMake({ file: join(dir, 'anchor.p8'), passphrase }, loadAnchorKeyFile, createAnchorKeyFile)
}

async function openOrMake<T>(copy: KeyFile, open: (copy: KeyFile) => Promise<T>, make: (copy: KeyFile) => Promise<T>): Promise<T> {
  if (await exists(copy.file)) return open(copy)
  try {
    return await make(copy)
  } catch (error) {
    // Another process was faster: there is one key, and it is that one.
    if (await exists(copy.file)) return open(copy)
    throw error
  }
}
