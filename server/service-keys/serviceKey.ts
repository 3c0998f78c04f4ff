import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import type { Pool } from 'pg'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { firstServiceKey, type ServiceKeyUse } from './serviceKeysTable.ts'

/** An Ed25519 key of this service itself, for what it says to machines: webhooks, result sheets. Never signs anything of an agency. */
export interface ServiceKey {
  readonly keyId: string
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 64 bytes over the message. */
  sign(message: Uint8Array): Uint8Array
}

/** The service's key of a use, made at the first call; sealed at rest, the same for all processes. */
export async function serviceKey({ pool, cipher }: { pool: Pool; cipher: FieldCipher }, use: ServiceKeyUse): Promise<ServiceKey> {
  const pair = generateKeyPairSync('ed25519')
  const { sealed, publicKey } = await firstServiceKey(pool, use, {
    sealed: cipher.seal(pair.privateKey.export({ format: 'der', type: 'pkcs8' })),
    publicKey: Buffer.from(pair.publicKey.export({ format: 'jwk' }).x!, 'base64url'),
  })
  const key = createPrivateKey({ key: cipher.open(sealed), format: 'der', type: 'pkcs8' })
  return { keyId: `${use}-${publicKey.subarray(0, 6).toString('base64url')}`, publicKey, sign: message => sign(null, message, key) }
}
