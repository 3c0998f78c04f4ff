import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../core/errors.ts'
import { encryptPkcs8 } from './encryptedPkcs8.ts'
import { createKeyFile, loadKeyFile } from './fileSigner.ts'
import type { KeyForm } from './keysTable.ts'
import type { RsaPadding } from './memorySigner.ts'
import { openPkcs12InThread } from './openPkcs12InThread.ts'
import { openPkcs11Token, type Pkcs11Token } from './pkcs11Token.ts'
import { pkcs11Tokens, type TokenInfo } from './pkcs11Tokens.ts'
import { openedSigner } from './pkcs12.ts'
import type { JwkSigner, KeyUse } from './signer.ts'
import { writeDurably } from './writeDurably.ts'

/** A key made or brought in, and where it is kept. `x5c` is empty for one without certificates. */
export interface StoredKey {
  readonly form: KeyForm
  readonly location: string
  readonly signer: JwkSigner
  readonly x5c: readonly string[]
}

/** A key on its way in: its file's text, encrypted, and whose it is. */
export interface SealedKey {
  readonly pem: string
  readonly signer: JwkSigner
  readonly x5c: readonly [string, ...string[]]
}

/** A private key that a token holds: `id` hex of CKA_ID, `x5c` what certificates lie beside it. */
export interface TokenKey {
  readonly id: string
  readonly signer: JwkSigner
  readonly x5c: readonly string[]
}

/** The private keys of agencies: files below one folder, and objects on PKCS#11 tokens. */
export interface KeyStore {
  /** A new P-256 key in an encrypted file, or on the token of this label, where it cannot be exported. */
  create(use: KeyUse, label: string, tokenLabel?: string): Promise<StoredKey>
  /** The key of a PKCS#12 file, sealed under our own passphrase and kept nowhere yet. Throws `key.pkcs12`, `key.passphrase`, `key.wrong-use`. */
  sealPkcs12(file: Uint8Array, passphrase: string, use: KeyUse): Promise<SealedKey>
  /** Keeps a sealed key in a file. Throws `key.file` when our passphrase is another one by now. */
  keepSealed(sealed: Pick<SealedKey, 'pem' | 'x5c'>, use: KeyUse): Promise<StoredKey>
  /** A key that is on a token already, by the hex of its CKA_ID. */
  adopt(tokenLabel: string, id: string, use: KeyUse): Promise<StoredKey>
  /** The tokens there are; none is logged in to. Empty without a configured library. Throws `key.pkcs11`. */
  tokens(): Promise<TokenInfo[]>
  /** The private keys on a token, of the kinds that sign here. Throws `key.pkcs11`. */
  keysOn(tokenLabel: string): Promise<TokenKey[]>
  /** The signer of a key, opened once a process; a document key endorses too. Throws `key.file` or `key.pkcs11`. */
  open(form: KeyForm, location: string, use: KeyUse | 'endorsement'): Promise<JwkSigner>
  /** Takes back a key that was just made or brought in and is in use nowhere. A key that was on its token before stays there. */
  discard(stored: StoredKey): Promise<void>
  /** Logs out of tokens. */
  close(): Promise<void>
}

export interface KeyStoreConfig {
  /** Folder of the encrypted PKCS#8 files, mode 0700. */
  readonly dir: string
  readonly passphrase: string
  readonly pkcs11?: { readonly module: string; readonly pin: string } | undefined
  /** How RSA keys sign documents; PKCS#1 v1.5 when absent. */
  readonly documents?: RsaPadding | undefined
}

/** Opens nothing yet; files and tokens are opened when they are asked for. */
export function keyStore({ dir, passphrase, pkcs11, documents }: KeyStoreConfig): KeyStore {
  const tokens = new Map<string, Promise<Pkcs11Token>>()
  const opened = new Map<string, Promise<JwkSigner>>()

  const tokenOf = (tokenLabel: string): Promise<Pkcs11Token> => {
    if (!pkcs11) throw new AppError('key.pkcs11', 'No PKCS#11 library is configured (PKCS11_MODULE, PKCS11_PIN_FILE)')
    return once(tokens, tokenLabel, () => openPkcs11Token({ ...pkcs11, tokenLabel, documents }))
  }
  const keep = (stored: StoredKey, use: KeyUse): StoredKey => {
    opened.set(`${stored.location} ${use}`, Promise.resolve(stored.signer))
    return stored
  }
  const ofToken = async (tokenLabel: string, id: string, use: KeyUse): Promise<StoredKey> => {
    const token = await tokenOf(tokenLabel)
    return keep({ form: 'pkcs11', location: pkcs11Uri(tokenLabel, id), signer: token.signer(id, use), x5c: token.certificates(id) }, use)
  }

  return {
    async create(use, label, tokenLabel) {
      if (tokenLabel !== undefined) return ofToken(tokenLabel, (await tokenOf(tokenLabel)).generate(label), use)
      const location = `${label.replaceAll(/[^0-9A-Za-z.]+/g, '-')}-${randomUUID()}.p8`
      return keep({ form: 'file', location, signer: await createKeyFile({ file: join(dir, location), passphrase }, use), x5c: [] }, use)
    },
    async sealPkcs12(file, filePassphrase, use) {
      const opened = await openPkcs12InThread(file, filePassphrase)
      try {
        const pem = await encryptPkcs8(opened.pkcs8, passphrase)
        const signer = openedSigner(opened, use, documents)
        return { pem, signer, x5c: signer.x5c }
      } finally {
        opened.pkcs8.fill(0)
      }
    },
    async keepSealed({ pem, x5c }, use) {
      const location = `${use}-${randomUUID()}.p8`
      const file = join(dir, location)
      await writeDurably(file, pem)
      try {
        return keep({ form: 'file', location, signer: await loadKeyFile({ file, passphrase }, use, documents), x5c }, use)
      } catch (error) {
        await rm(file, { force: true })
        throw error
      }
    },
    adopt: ofToken,
    tokens: async () => (pkcs11 ? pkcs11Tokens(pkcs11.module) : []),
    async keysOn(tokenLabel) {
      const token = await tokenOf(tokenLabel)
      return token.ids().flatMap(id => {
        try {
          // Of these uses `document` takes both kinds of keys.
          return [{ id, signer: token.signer(id, 'document'), x5c: token.certificates(id) }]
        } catch {
          return []
        }
      })
    },
    open: (form, location, use) =>
      once(opened, `${location} ${use}`, async () => {
        if (form === 'file') return loadKeyFile({ file: join(dir, location), passphrase }, use, documents)
        const { tokenLabel, id } = parsePkcs11Uri(location)
        return (await tokenOf(tokenLabel)).signer(id, use)
      }),
    async discard({ form, location }) {
      for (const name of opened.keys()) if (name.startsWith(`${location} `)) opened.delete(name)
      if (form === 'file') await rm(join(dir, location), { force: true })
    },
    async close() {
      for (const token of tokens.values()) await token.then(opened => opened.close()).catch(() => {})
      tokens.clear()
      opened.clear()
    },
  }
}

/** Runs `make` once a name at a time; what failed is tried again at the next call. */
function once<T>(known: Map<string, Promise<T>>, name: string, make: () => Promise<T>): Promise<T> {
  let value = known.get(name)
  if (!value) {
    value = make()
    known.set(name, value)
    value.catch(() => known.delete(name))
  }
  return value
}

/** RFC 7512: `pkcs11:token=LABEL;id=%a1%b2`; it never carries the PIN. */
function pkcs11Uri(tokenLabel: string, id: string): string {
  return `pkcs11:token=${encodeURIComponent(tokenLabel)};id=${id.replaceAll(/../g, '%$&')}`
}

/** The token and the key that a location on a token names. Throws `key.pkcs11` for another text. */
export function parsePkcs11Uri(uri: string): { tokenLabel: string; id: string } {
  const parts = /^pkcs11:token=([^;]+);id=((?:%[0-9a-f]{2})+)$/.exec(uri)
  if (!parts) throw new AppError('key.pkcs11', 'Not the PKCS#11 URI of a key')
  return { tokenLabel: decodeURIComponent(parts[1]!), id: parts[2]!.replaceAll('%', '') }
}
