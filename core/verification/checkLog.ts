import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { decodeBase64url } from '../encoding/base64url.ts'
import { equalBytes } from '../encoding/bytes.ts'
import { countCosignatures, type OpenedCheckpoint, openCheckpoint } from '../log/checkpoint.ts'
import { peekEntry } from '../log/entry.ts'
import { verifyInclusion } from '../log/inclusion.ts'
import { leafHash } from '../log/leafHash.ts'
import { type Receipt, rootOfReceipt } from '../log/receipt.ts'
import type { TrustedLog, TrustIndex } from '../trust/trustIndex.ts'
import type { CheckCode } from './checkCode.ts'
import { trustFault } from './checkIssuer.ts'
import { compareTrees, type TreeHead } from './compareTrees.ts'
import type { Absence, Evidence } from './evidence.ts'
import { judgeEntry } from './judgeEntry.ts'
import type { JudgedCredential } from './readCredential.ts'
import type { Check, Outcome } from './report.ts'
import { skew } from './time.ts'

/** The entry is in the tree that the log signed; `at` is the entry's time in seconds. */
export interface ProvenEntry extends TreeHead {
  readonly at: number
}

export interface LogJudgement {
  readonly check: Check
  /** Present exactly when the check passed. */
  readonly proven?: ProvenEntry
}

/** The check `log`: is the credential's own entry in the transparency log (formats 5, 7, 8). Never `failed`. */
export async function checkLog(
  credential: JudgedCredential,
  ref: Uint8Array | undefined,
  evidence: Evidence,
  now: number,
  crypto: CoreCrypto,
): Promise<LogJudgement> {
  const index = evidence.index.value
  if (!index) return log('unavailable', 'log.no-trust', evidence.index.value === undefined ? evidence.index.code : '')
  const fault = trustFault(index, now)
  if (fault) return log('unavailable', 'log.no-trust', fault)
  const receipt = evidence.receipt.value
  if (!receipt) {
    if (evidence.absence) return judgeAbsence(evidence.absence, credential, index, crypto)
    return evidence.receipt.value === undefined
      ? log('unavailable', evidence.receipt.code, evidence.receipt.detail)
      : log('unavailable', 'log.missing')
  }
  const judgement = await judgeEntry(receipt, credential, ref, evidence.trust.value, crypto)
  if (judgement === 'malformed' || judgement === 'foreign') return log('unavailable', `log.${judgement}`)
  return judgeReceipt(receipt, judgement, index, evidence, crypto)
}

async function judgeReceipt(
  receipt: Receipt,
  judgement: 'same' | 'differs',
  index: TrustIndex,
  evidence: Evidence,
  crypto: CoreCrypto,
): Promise<LogJudgement> {
  if (receipt.checkpoint === null) return log('unavailable', 'log.checkpoint')
  const trusted = await openTrusted(receipt.checkpoint, index, crypto)
  if (typeof trusted === 'string') return log('unavailable', trusted)
  const { checkpoint, logs, cosignatures } = trusted
  const root = await rootOfReceipt(receipt, crypto)
  if (!root || checkpoint.treeSize !== receipt.treeSize || !equalBytes(root, checkpoint.rootHash)) return log('unavailable', 'log.proof')

  const { at } = peekEntry(decodeBase64url(receipt.entry))
  const position = `${receipt.leafIndex}/${receipt.treeSize}`
  if (typeof at !== 'number') return log('unavailable', 'log.malformed', position)
  if (judgement === 'differs') return log('contradicted', 'log.entry-differs', position, at)
  if (!logs.some(({ from, until }) => at >= from && (until === undefined || at <= until)))
    return log('unavailable', 'log.window', position, at)
  if (await contradictsNewest(checkpoint, evidence, index, crypto)) return log('contradicted', 'log.inconsistent', position, at)
  if (cosignatures < index.quorum) return log('unavailable', 'log.quorum', position, at)
  return {
    check: { name: 'log', outcome: 'passed', code: 'log.passed', detail: position, asOf: at },
    proven: { treeSize: checkpoint.treeSize, rootHash: checkpoint.rootHash, at },
  }
}

interface TrustedCheckpoint {
  readonly checkpoint: OpenedCheckpoint
  /** The lines of the index on the log that signed it. */
  readonly logs: readonly TrustedLog[]
  /** How many of the index's witnesses signed it. */
  readonly cosignatures: number
}

const maxOpened = 200
const opened = new WeakMap<TrustIndex, Map<string, Promise<TrustedCheckpoint | CheckCode>>>()

/** The checkpoint when a log of the index signed it, else the code that says why not; remembered, because many entries share one. */
function openTrusted(note: string, index: TrustIndex, crypto: CoreCrypto): Promise<TrustedCheckpoint | CheckCode> {
  const known = opened.get(index) ?? new Map<string, Promise<TrustedCheckpoint | CheckCode>>()
  opened.set(index, known)
  let checkpoint = known.get(note)
  if (!checkpoint) {
    checkpoint = open(note, index, crypto)
    if (known.size >= maxOpened) known.clear()
    known.set(note, checkpoint)
  }
  return checkpoint
}

async function open(note: string, index: TrustIndex, crypto: CoreCrypto): Promise<TrustedCheckpoint | CheckCode> {
  const origin = note.slice(0, note.indexOf('\n'))
  const logs = index.logs.filter(known => known.origin === origin)
  if (logs.length === 0) return 'log.unknown-log'
  for (const { key } of logs) {
    const checkpoint = await openCheckpoint(note, key, crypto)
    if (!checkpoint) continue
    const cosignatures = index.quorum === 0 ? 0 : await countCosignatures(checkpoint.note, index.witnesses, crypto)
    return { checkpoint, logs: logs.filter(known => equalBytes(known.key.publicKey, key.publicKey)), cosignatures }
  }
  return 'log.checkpoint'
}

async function contradictsNewest(
  checkpoint: OpenedCheckpoint,
  { newest }: Evidence,
  index: TrustIndex,
  crypto: CoreCrypto,
): Promise<boolean> {
  if (!newest) return false
  const other = await openTrusted(newest.checkpoint, index, crypto)
  if (typeof other === 'string' || other.checkpoint.origin !== checkpoint.origin) return false
  return (await compareTrees(checkpoint, other.checkpoint, newest.consistencyPath, crypto, newest.smallerRoot)) === 'different'
}

/** A log that says it does not know the ref contradicts only when it has provably gone on since the credential was issued. */
async function judgeAbsence(absence: Absence, credential: JudgedCredential, index: TrustIndex, crypto: CoreCrypto): Promise<LogJudgement> {
  const trusted = await openTrusted(absence.checkpoint, index, crypto)
  if (typeof trusted === 'string') return log('unavailable', trusted)
  const { treeSize, rootHash } = trusted.checkpoint
  const leaf = await leafHash(absence.lastEntry, async bytes => crypto.sha256(bytes))
  const proof = { leafHash: leaf, leafIndex: treeSize - 1, treeSize, rootHash, path: absence.inclusionPath }
  if (!(await verifyInclusion(proof, crypto))) return log('unavailable', 'log.proof')
  const at = timeOf(absence.lastEntry)
  if (at === undefined) return log('unavailable', 'log.malformed')
  return at > credential.claims.iat + skew
    ? log('contradicted', 'log.absent', String(treeSize), at)
    : log('unavailable', 'log.not-yet', String(treeSize), at)
}

function timeOf(entry: Uint8Array): number | undefined {
  try {
    const { at } = peekEntry(entry)
    return typeof at === 'number' ? at : undefined
  } catch {
    return undefined
  }
}

function log(outcome: Outcome, code: CheckCode, detail = '', asOf?: number): LogJudgement {
  return { check: asOf === undefined ? { name: 'log', outcome, code, detail } : { name: 'log', outcome, code, detail, asOf } }
}
