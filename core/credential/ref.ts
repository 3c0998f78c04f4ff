import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { concatBytes, utf8 } from '../encoding/bytes.ts'

const prefix = utf8('antin/ref/1')

/** The public reference of a credential: first 16 bytes of SHA-256("antin/ref/1" ‖ cti) (formats 1). */
export function refOf(cti: Uint8Array, crypto: Pick<CoreCrypto, 'sha256'>): Uint8Array | Promise<Uint8Array> {
  const digest = crypto.sha256(concatBytes(prefix, cti))
  return digest instanceof Uint8Array ? digest.subarray(0, 16) : digest.then(bytes => bytes.subarray(0, 16))
}
