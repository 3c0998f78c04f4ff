import type { Receipt } from '../log/receipt.ts'
import type { TrustIndex } from '../trust/trustIndex.ts'
import type { TrustSlice } from '../trust/trustList.ts'
import type { CheckCode } from './checkCode.ts'

/** What is to be verified. The bytes may be anything. */
export interface VerifyInput {
  /** The sealed credential of formats 1. */
  readonly sealed: Uint8Array
  /** The JPEG that is shown beside it, if any. */
  readonly photo?: Uint8Array | undefined
  /** The file that came with it, if any; only its digest leaves the place where it is. */
  readonly document?: DocumentInput | undefined
}

export interface DocumentInput {
  /** 32 bytes. */
  readonly sha256: Uint8Array
  /** The signatures in a PDF, verified by who can (pkijs in the browser, node:crypto elsewhere); none for other files. */
  readonly signatures?: readonly DocumentSignature[] | undefined
}

/** What is known of one signature of a PDF. */
export interface DocumentSignature {
  /** Whether it verifies under the key of its certificate. */
  readonly verified: boolean
  /** Whether its byte range is the whole file but for the signature itself. */
  readonly wholeFile: boolean
  /** The signer's certificate, DER. */
  readonly certificate: Uint8Array
  /** Seconds. */
  readonly signedAt: number
}

/** A piece of evidence that was had and opened, or the code that says why not. */
export type Piece<T> = Found<T> | Missing

export interface Found<T> {
  readonly value: T
  /** Fetched from the verifier's base for this verification (or within its `ttl`), rather than kept or given as a file. */
  readonly online: boolean
}

export interface Missing {
  readonly value: undefined
  readonly code: CheckCode
  readonly detail: string
}

/** A status list whose signature verified; who signed it and when are judged with the credential. */
export interface StatusList {
  readonly sub: string
  readonly iat: number
  readonly exp: number
  /** The signer's key: id of 8 bytes, thumbprint of 32. */
  readonly kid: Uint8Array
  readonly thumbprint: Uint8Array
  /** Two bits an entry. */
  readonly bits: Uint8Array
}

/** The log does not know the ref: its newest checkpoint with its last entry, to see how far that reaches. */
export interface Absence {
  readonly checkpoint: string
  readonly lastEntry: Uint8Array
  readonly inclusionPath: readonly Uint8Array[]
}

/** The newest checkpoint beside the receipt's, with the consistency path from the smaller to the larger of the two. */
export interface NewestCheckpoint {
  readonly checkpoint: string
  readonly consistencyPath: readonly Uint8Array[]
  /** The smaller tree's root as the larger tree has it: at a power of two the path does not carry it. */
  readonly smallerRoot?: Uint8Array | undefined
}

/** What a chain node said of a contract at a tree size. */
export interface ChainEvidence {
  readonly contract: { readonly chainId: number; readonly address: string }
  readonly treeSize: number
  readonly answer: ChainAnswer
}

export type ChainAnswer =
  | {
      readonly kind: 'answer'
      readonly chainId: number
      /** keccak-256 of the code at the address, 0x hex; null when there is none. */
      readonly codeHash: string | null
      /** `rootAt(treeSize)` at the finalised block, 32 bytes; null when it is zero or the size is unknown. */
      readonly rootHash: Uint8Array | null
      /** Time of the finalised block the answers are from, in seconds. */
      readonly time?: number | undefined
    }
  | { readonly kind: 'silent'; readonly detail: string }

/**
 * Everything a verification judges, opened once: parsed, signatures verified. Slice, index and status list serve any number of
 * credentials; what depends on the time is judged by `verifyCard` and `verifyDiploma`.
 */
export interface Evidence {
  readonly trust: Piece<TrustSlice>
  readonly index: Piece<TrustIndex>
  readonly statusList: Piece<StatusList>
  /** The receipt of the credential's own entry, at any size. */
  readonly receipt: Piece<Receipt>
  /** The receipt at exactly the size of the key's compromise. */
  readonly compromiseProof: Piece<Receipt>
  readonly absence?: Absence | undefined
  readonly newest?: NewestCheckpoint | undefined
  readonly chain: Piece<ChainEvidence>
}

/** What a fetch of a public file gave. `absent` is an answer of the server (404); `unreachable` is none. */
export type FetchAnswer =
  | { readonly kind: 'found'; readonly bytes: Uint8Array; readonly online: boolean }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreachable'; readonly detail?: string | undefined }

/** What `gatherEvidence` needs of the world. A port that rejects is taken as silent. */
export interface EvidencePorts {
  /**
   * The public file at a path below the verifier's base, such as `/.well-known/antin/trust/G09`, `/status-lists/3`,
   * `/log/proof?ref=…`. At most `maxLength` bytes are wanted. With `fresh` a kept copy will not do while the network is there.
   */
  fetchFile(path: string, wish: { readonly maxLength: number; readonly fresh: boolean }): Promise<FetchAnswer>
  readonly chain?: ChainNode | undefined
  readonly marks?: MarkStore | undefined
}

/** A chain node that the verifier trusts. */
export interface ChainNode {
  /** What the node says, at the block tag `finalized`. */
  readAnchor(contract: { readonly chainId: number; readonly address: string }, treeSize: number): Promise<ChainAnswer>
}

/** Remembers how far evidence has come, so that older evidence is not taken again (formats 3, 4). */
export interface MarkStore {
  /** False when `mark` is below the one kept for `key`, compared number by number; else keeps it. One step: two callers cannot lower it. */
  accept(key: string, mark: readonly number[]): boolean | Promise<boolean>
}

/** A piece of evidence that could not be had, for this reason; `detail` names the key, agency or file. */
export function missing(code: CheckCode, detail = ''): Missing {
  return { value: undefined, code, detail }
}
