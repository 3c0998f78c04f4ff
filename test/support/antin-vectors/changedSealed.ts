import { concatBytes } from '../../../core/encoding/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../../core/encoding/strictCbor.ts'
import type { TestKey } from './testKey.ts'

type CborMap = Map<CborValue, CborValue>

/** A sealed card changed in some way and signed again. */
export async function rebuild(
  sealed: Uint8Array,
  key: TestKey,
  changes: {
    header?: (header: CborMap) => void
    claims?: (claims: CborMap) => void
    change?: (fields: CborMap) => void
    payload?: Uint8Array
    cutSignature?: boolean
  } = {},
): Promise<Uint8Array> {
  const [protectedHeader, , before] = decodeCbor(sealed.subarray(1)) as [Uint8Array, unknown, Uint8Array]
  const header = decodeCbor(protectedHeader) as CborMap
  changes.header?.(header)
  const claims = decodeCbor(before) as CborMap
  changes.change?.(claims.get(-65537) as CborMap)
  changes.claims?.(claims)
  const payload = changes.payload ?? encodeCbor(claims)
  const signature = key.sign(encodeCbor(['Signature1', encodeCbor(header), new Uint8Array(0), payload]))
  return concatBytes(
    Uint8Array.of(0xd2),
    encodeCbor([encodeCbor(header), new Map(), payload, changes.cutSignature ? signature.slice(1) : signature]),
  )
}

/** The claims set with its last member first: no longer deterministic. */
export function reversed(payload: Uint8Array): Uint8Array {
  const members = [...(decodeCbor(payload) as CborMap)].map(([key, value]) => concatBytes(encodeCbor(key), encodeCbor(value)))
  return concatBytes(payload.slice(0, 1), ...members.reverse())
}

/** The claims set with its first member twice. */
export function doubled(payload: Uint8Array): Uint8Array {
  const members = [...(decodeCbor(payload) as CborMap)].map(([key, value]) => concatBytes(encodeCbor(key), encodeCbor(value)))
  return concatBytes(Uint8Array.of(payload[0]! + 1), members[0]!, ...members)
}

export function highS(sealed: Uint8Array): Uint8Array {
  const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
  const at = sealed.length - 32
  const s = order - BigInt(`0x${Buffer.from(sealed.slice(at)).toString('hex')}`)
  return concatBytes(sealed.slice(0, at), Buffer.from(s.toString(16).padStart(64, '0'), 'hex'))
}
