import { type Es256Signer, signCompactJws, signGeneralJws } from './jws.ts'
import {
  type RootPayload,
  rootPayload,
  type TrustIndexPayload,
  type TrustSlicePayload,
  trustIndexPayload,
  trustSlicePayload,
} from './trustSchema.ts'

/** `typ` of slices and of the index. */
export const trustListType = 'trust-list+jwt'

/** A trust slice as a compact JWS over canonical JSON, by a trust key. Throws a ZodError for a payload that a verifier would refuse. */
export async function signTrustSlice(payload: TrustSlicePayload, signer: Es256Signer): Promise<string> {
  return signCompactJws(trustListType, trustSlicePayload.parse(payload), signer)
}

/** The trust index as a compact JWS over canonical JSON, by a trust key. Throws like `signTrustSlice`. */
export async function signTrustIndex(payload: TrustIndexPayload, signer: Es256Signer): Promise<string> {
  return signCompactJws(trustListType, trustIndexPayload.parse(payload), signer)
}

/** A root document as a JWS in general JSON form; `signers` are threshold keys of its own and of the epoch before. Throws like `signTrustSlice`. */
export async function signRoot(payload: RootPayload, signers: readonly Es256Signer[]): Promise<string> {
  return signGeneralJws(rootPayload.parse(payload), signers)
}
