import { Transaction } from 'ethers'
import type { Pool } from 'pg'
import { tryLocked } from '../db/tryLocked.ts'
import { consistencyPath } from '../log/proofFor.ts'
import { rootOfLog } from '../log/rootOfLog.ts'
import { type CheckpointSigner, signCheckpoint } from '../log/signCheckpoint.ts'
import { type AnchoringState, type AnchoringStateName, anchoringState } from './anchoringState.ts'
import { anchorMessage, type ContractPlace, checkpointLogAbi, parseNumber, parseQuantity } from './checkpointLog.ts'
import { bumpFees, type Fees, suggestFees } from './fees.ts'
import { RpcError, type RpcNode } from './rpcNode.ts'
import { sendAgain, settleTransactions } from './settleTransactions.ts'
import type { AnchorSigner, Payer } from './signers.ts'
import { writeState } from './stateTable.ts'
import { type SoundNode, type Survey, surveyNodes } from './surveyNodes.ts'
import { insertTransaction, type TransactionRow } from './transactionsTable.ts'

/** What anchoring needs. */
export interface AnchoringDeps extends CheckpointSigner {
  readonly pool: Pool
  readonly nodes: readonly RpcNode[]
  readonly contract: ContractPlace
  /** Signs checkpoints for the contract. */
  readonly anchorSigner: AnchorSigner
  /** Pays for gas. */
  readonly payer: Payer
  /** Blocks after which an anchor counts as final; by default what the node calls finalised. */
  readonly finalityDepth?: number | undefined
  /** Seconds after which an unmined transaction is replaced with higher fees; 60 by default. */
  readonly bumpAfterSeconds?: number | undefined
  /** Highest fee in wei a gas that may be offered. */
  readonly highestFee?: bigint | undefined
}

const maxGrowth = 2 ** 24

interface Outcome {
  readonly state: AnchoringStateName
  readonly detail: string
  readonly feeBumps: number
}

/**
 * Brings the contract up to the newest checkpoint, one step: settles what was sent before, sends or replaces at most one transaction,
 * and answers how anchoring stands. Idempotent: it may be run on an interval, on demand, and again after a crash at any point, by any
 * number of processes (one works, the others answer what is known). Chain failures are states, never exceptions.
 */
export async function anchorCheckpoint(deps: AnchoringDeps): Promise<AnchoringState> {
  await tryLocked(deps.pool, 'antin/anchoring', () => runOnce(deps))
  return anchoringState(deps.pool)
}

async function runOnce(deps: AnchoringDeps): Promise<void> {
  const { pool, contract } = deps
  const checkpoint = await signCheckpoint(deps)
  const logSize = checkpoint?.treeSize ?? 0
  const survey = await surveyNodes(deps, logSize)
  let outcome: Outcome = { state: survey.problem?.state ?? 'idle', detail: survey.problem?.detail ?? '', feeBumps: 0 }
  let reorganisations = 0
  if (survey.sound.length > 0) {
    try {
      const settlement = await settleTransactions(pool, survey.sound, { chainId: contract.chainId, payer: deps.payer.address })
      reorganisations = settlement.reorganisations
      const step = await advance(deps, survey, logSize, settlement)
      // A disagreement outlives the step: somebody has to look at it.
      outcome = survey.problem ? { ...outcome, feeBumps: step.feeBumps } : step
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
      outcome = { state: 'node-silent', detail: error.message, feeBumps: 0 }
    }
  }
  await writeState(pool, { ...outcome, nodes: survey.nodes, contractSize: survey.sound[0]?.view.treeSize ?? null, reorganisations })
}

async function advance(
  deps: AnchoringDeps,
  { sound }: Survey,
  logSize: number,
  { waiting, unfinal, refusal }: { waiting: readonly TransactionRow[]; unfinal: number; refusal: string | null },
): Promise<Outcome> {
  const best = sound[0]!
  const last = best.view.treeSize
  const newest = waiting.at(-1)
  if (newest) {
    const age = Date.now() / 1000 - newest.storedAt.getTime() / 1000
    const isUnderpriced = refusal !== null && /underpriced|fee too low|less than block base fee|max fee/i.test(refusal)
    if (age < (deps.bumpAfterSeconds ?? 60) && !isUnderpriced)
      return refusal === null ? pending(`nonce ${newest.nonce} waits for a block`) : refusedBy(refusal)
    return replace(deps, sound, newest)
  }
  if (logSize <= last) return unfinal > 0 ? pending(`${unfinal} not final yet`) : { state: 'idle', detail: '', feeBumps: 0 }
  const treeSize = Math.min(logSize, last + maxGrowth)
  return send(deps, sound, await composeAnchor(deps, last, treeSize))
}

interface Anchor {
  readonly treeSize: number
  readonly rootHash: Uint8Array
  readonly data: string
}

/** The call that takes the contract from `last` to `treeSize`, signed for it. */
export async function composeAnchor(
  deps: Pick<AnchoringDeps, 'pool' | 'contract' | 'anchorSigner' | 'logKey'>,
  last: number,
  treeSize: number,
): Promise<Anchor> {
  const rootHash = await rootOfLog(deps.pool, treeSize)
  const path = last === 0 ? [] : await consistencyPath(deps.pool, last, treeSize)
  const bytes = anchorMessage(deps.contract, { origin: deps.logKey.name, treeSize, rootHash })
  const signature = await deps.anchorSigner.sign({ kind: 'anchor', bytes })
  return { treeSize, rootHash, data: checkpointLogAbi.encodeFunctionData('anchor', [treeSize, rootHash, path, signature]) }
}

async function send(deps: AnchoringDeps, nodes: readonly SoundNode[], anchor: Anchor): Promise<Outcome> {
  const { node } = nodes[0]!
  const { payer, contract } = deps
  const fees = await suggestFees(node)
  if (isTooHigh(deps, fees)) return tooHigh(fees)
  let gasLimit: bigint
  try {
    const estimate = await node.request('eth_estimateGas', [{ from: payer.address, to: contract.address, data: anchor.data }])
    gasLimit = (parseQuantity(estimate) * 6n) / 5n
  } catch (error) {
    if (error instanceof RpcError && error.kind === 'answered') return refusedBy(error)
    throw error
  }
  const balance = parseQuantity(await node.request('eth_getBalance', [payer.address, 'latest']))
  if (balance < gasLimit * fees.maxFee) return outOfFunds(payer, balance, gasLimit * fees.maxFee)
  const nonce = parseNumber(await node.request('eth_getTransactionCount', [payer.address, 'latest']))
  const raw = await payer.signTransaction({
    chainId: contract.chainId,
    to: contract.address,
    nonce,
    gasLimit,
    data: anchor.data,
    ...feeFields(fees),
  })
  return storeAndSend(deps, nodes, { raw, fees, nonce, treeSize: anchor.treeSize, rootHash: anchor.rootHash }, 0)
}

async function replace(deps: AnchoringDeps, nodes: readonly SoundNode[], old: TransactionRow): Promise<Outcome> {
  const fees = bumpFees(old, await suggestFees(nodes[0]!.node))
  if (isTooHigh(deps, fees)) return tooHigh(fees)
  const before = Transaction.from(old.raw)
  const balance = parseQuantity(await nodes[0]!.node.request('eth_getBalance', [deps.payer.address, 'latest']))
  if (balance < before.gasLimit * fees.maxFee) return outOfFunds(deps.payer, balance, before.gasLimit * fees.maxFee)
  const raw = await deps.payer.signTransaction({
    chainId: before.chainId,
    to: before.to,
    nonce: before.nonce,
    gasLimit: before.gasLimit,
    data: before.data,
    ...feeFields(fees),
  })
  return storeAndSend(deps, nodes, { raw, fees, nonce: old.nonce, treeSize: old.treeSize, rootHash: old.rootHash }, 1)
}

interface Signed {
  readonly raw: string
  readonly fees: Fees
  readonly nonce: number
  readonly treeSize: number
  readonly rootHash: Uint8Array
}

async function storeAndSend(deps: AnchoringDeps, nodes: readonly SoundNode[], signed: Signed, feeBumps: number): Promise<Outcome> {
  const { pool, contract, payer } = deps
  const { raw, fees, nonce, treeSize, rootHash } = signed
  const row = {
    hash: Transaction.from(raw).hash!,
    chainId: contract.chainId,
    contract: contract.address,
    payer: payer.address,
    nonce,
    treeSize,
    rootHash,
    raw,
    maxFee: fees.maxFee,
    priorityFee: fees.priorityFee,
  }
  // Stored first: whatever happens from here on, the next run finds the transaction and sends it again.
  await insertTransaction(pool, row)
  const refusal = await sendAgain(pool, nodes, { ...row, state: 'open', storedAt: new Date(), sentAt: null, block: null, blockHash: null })
  return refusal === null ? { ...pending(`size ${treeSize} sent with nonce ${nonce}`), feeBumps } : { ...refusedBy(refusal), feeBumps }
}

function feeFields({ dynamic, maxFee, priorityFee }: Fees) {
  return dynamic ? { type: 2, maxFeePerGas: maxFee, maxPriorityFeePerGas: priorityFee } : { type: 0, gasPrice: maxFee }
}

function isTooHigh({ highestFee }: AnchoringDeps, { maxFee }: Fees): boolean {
  return highestFee !== undefined && maxFee > highestFee
}

function tooHigh({ maxFee }: Fees): Outcome {
  return { state: 'fees-too-high', detail: `the chain asks for ${maxFee} wei a gas`, feeBumps: 0 }
}

function outOfFunds({ address }: Payer, balance: bigint, wanted: bigint): Outcome {
  return { state: 'out-of-funds', detail: `${address} holds ${balance} wei, ${wanted} may be needed`, feeBumps: 0 }
}

function pending(detail: string): Outcome {
  return { state: 'pending', detail, feeBumps: 0 }
}

function refusedBy(error: RpcError | string): Outcome {
  const message = typeof error === 'string' ? error : error.message
  if (/insufficient funds|enough funds|lack of funds/i.test(message)) return { state: 'out-of-funds', detail: message, feeBumps: 0 }
  const reason = typeof error === 'string' || !error.data ? null : checkpointLogAbi.parseError(error.data)
  return { state: 'refused', detail: reason ? `${reason.name}(${reason.args.join(', ')})` : message, feeBumps: 0 }
}
