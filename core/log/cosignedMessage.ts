import { utf8 } from '../encoding/bytes.ts'

/** What a witness signs of a checkpoint's text at `time`, in seconds. C2SP tlog-cosignature, cosignature/v1. */
export function cosignedMessage(text: string, time: bigint | number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${time}\n${text}`)
}

/** The signature field of a cosignature line: time (8 bytes, big-endian) ‖ Ed25519 signature, 72 bytes. */
export function cosignatureField(time: number, signature: Uint8Array): Uint8Array {
  const field = new Uint8Array(72)
  new DataView(field.buffer).setBigUint64(0, BigInt(time))
  field.set(signature, 8)
  return field
}
