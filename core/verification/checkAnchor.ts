import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { decodeBase64url } from '../encoding/base64url.ts'
import { type Receipt, rootOfReceipt } from '../log/receipt.ts'
import type { TrustIndex } from '../trust/trustIndex.ts'
import type { AnchorDescription } from '../trust/trustSchema.ts'
import type { CheckCode } from './checkCode.ts'
import { trustFault } from './checkIssuer.ts'
import type { ProvenEntry } from './checkLog.ts'
import { compareTrees } from './compareTrees.ts'
import type { ChainEvidence, Evidence } from './evidence.ts'
import type { Check, Outcome } from './report.ts'
import { isOlderThanDay } from './time.ts'

/** Which contract to ask for the root of which size; `path` leads from the smaller to the larger of that size and the receipt's. */
export interface AnchorQuestion {
  readonly contract: AnchorDescription
  readonly treeSize: number
  readonly path: readonly string[]
}

/**
 * What to ask a chain node about a receipt. The receipt's anchor is a hint: undefined when the trust list has no such contract for
 * that size. A receipt without a hint is looked for at its own size in the contract now in use (formats 7).
 */
export function anchorQuestion({ anchor, treeSize }: Receipt, { anchors }: TrustIndex): AnchorQuestion | undefined {
  const size = anchor?.treeSize ?? treeSize
  const fitting = anchors.filter(({ fromSize, untilSize }) => size >= fromSize && (untilSize === undefined || size <= untilSize))
  const contract = anchor
    ? fitting.find(known => known.chainId === anchor.chainId && known.address.toLowerCase() === anchor.contract.toLowerCase())
    : fitting.at(-1)
  return contract && { contract, treeSize: size, path: anchor?.consistencyPath ?? [] }
}

/** The check `anchor`: does a contract of the trust list hold a root that this log's tree belongs to (formats 6, 7, 8). Never `failed`. */
export async function checkAnchor(proven: ProvenEntry | undefined, evidence: Evidence, now: number, crypto: CoreCrypto): Promise<Check> {
  const index = evidence.index.value
  if (!index || trustFault(index, now)) return anchor('unavailable', 'anchor.no-trust')
  if (index.anchors.length === 0) return anchor('not-applicable', 'anchor.none')
  const receipt = evidence.receipt.value
  if (!proven || !receipt) return anchor('unavailable', 'anchor.no-log')
  const question = anchorQuestion(receipt, index)
  if (!question && receipt.anchor) return anchor('unavailable', 'anchor.unknown-contract', receipt.anchor.contract)
  const pending: CheckCode = isOlderThanDay(proven.at, now) ? 'anchor.late' : 'anchor.pending'
  const { chain } = evidence
  if (!question) return anchor('unavailable', pending)
  if (chain.value === undefined) return anchor('unavailable', receipt.anchor ? chain.code : pending, chain.detail)
  return judgeAnswer(chain.value, question, receipt, receipt.anchor ? 'anchor.unknown-size' : pending, proven, crypto)
}

async function judgeAnswer(
  { contract, treeSize, answer }: ChainEvidence,
  question: AnchorQuestion,
  receipt: Receipt,
  unknownSize: CheckCode,
  proven: ProvenEntry,
  crypto: CoreCrypto,
): Promise<Check> {
  const { chainId, address, codeHash } = question.contract
  if (contract.chainId !== chainId || contract.address.toLowerCase() !== address.toLowerCase() || treeSize !== question.treeSize) {
    return anchor('unavailable', 'anchor.silent', 'The evidence is of another contract or size')
  }
  if (answer.kind === 'silent') return anchor('unavailable', 'anchor.silent', answer.detail)
  if (answer.chainId !== chainId) return anchor('unavailable', 'anchor.wrong-chain', String(answer.chainId))
  if (answer.codeHash === null) return anchor('unavailable', 'anchor.no-code', address)
  if (answer.codeHash !== codeHash) return anchor('unavailable', 'anchor.wrong-code', address)
  if (answer.rootHash === null || answer.rootHash.every(byte => byte === 0)) return anchor('unavailable', unknownSize, String(treeSize))
  const smallerRoot = await rootOnPath(receipt, treeSize, crypto)
  const relation = await compareTrees(
    proven,
    { treeSize, rootHash: answer.rootHash },
    question.path.map(decodeBase64url),
    crypto,
    smallerRoot,
  )
  const position = `${chainId}/${address}/${treeSize}`
  if (relation === 'consistent') return anchor('passed', 'anchor.passed', position, answer.time)
  return relation === 'different'
    ? anchor('contradicted', 'anchor.different-root', position, answer.time)
    : anchor('unavailable', 'anchor.proof', position, answer.time)
}

/** The root at a smaller size as a receipt's inclusion path passes it: at a power of two above its leaf; else undefined. */
async function rootOnPath(receipt: Receipt, treeSize: number, crypto: CoreCrypto): Promise<Uint8Array | undefined> {
  const levels = Math.log2(treeSize)
  if (treeSize >= receipt.treeSize || receipt.leafIndex >= treeSize || !Number.isInteger(levels)) return undefined
  const smaller = { ...receipt, treeSize, inclusionPath: receipt.inclusionPath.slice(0, levels) }
  return (await rootOfReceipt(smaller, crypto)) ?? undefined
}

function anchor(outcome: Outcome, code: CheckCode, detail = '', asOf?: number): Check {
  return asOf === undefined ? { name: 'anchor', outcome, code, detail } : { name: 'anchor', outcome, code, detail, asOf }
}
