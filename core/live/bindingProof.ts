import { concatBytes, utf8 } from '../encoding/bytes.ts'

/**
 * What a phone signs (ES256) to show that it has the key that is to be bound: "antin/bind/1" ‖ host ‖ SHA-256 of the link's token
 * (32 bytes) ‖ time in seconds as decimal text.
 */
export function bindingProofMessage(host: string, tokenHash: Uint8Array, time: number): Uint8Array<ArrayBuffer> {
  return concatBytes(utf8('antin/bind/1'), utf8(host), tokenHash, utf8(String(time)))
}

/** What a phone signs to end its binding: "antin/unbind/1" ‖ host ‖ thumbprint of its key (32 bytes) ‖ time as decimal text. */
export function unbindingProofMessage(host: string, thumbprint: Uint8Array, time: number): Uint8Array<ArrayBuffer> {
  return concatBytes(utf8('antin/unbind/1'), utf8(host), thumbprint, utf8(String(time)))
}
