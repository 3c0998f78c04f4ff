import type { Pool } from 'pg'
import { insertAnchor } from '../log/anchorsTable.ts'
import { parseNumber, readRootAt } from './checkpointLog.ts'
import { RpcError } from './rpcNode.ts'
import type { SoundNode } from './surveyNodes.ts'
import { markSent, markState, type TransactionRow, unsettledTransactions } from './transactionsTable.ts'

/** What is known of transactions that were stored before. */
export interface Settlement {
  /** Of the lowest nonce that no block holds yet, newest replacement last; empty when nothing waits. */
  readonly waiting: readonly TransactionRow[]
  /** Mined, not final yet. */
  readonly unfinal: number
  readonly reorganisations: number
  /** Why a node did not take a transaction that was sent again, or null. */
  readonly refusal: string | null
}

interface Receipt {
  readonly status: number
  readonly blockNumber: number
  readonly blockHash: string
}

/**
 * Looks up every unsettled transaction and writes down what became of it: mined, reorganised away (it is open again and sent again),
 * final (the anchor is kept), reverted, or replaced by another of the same nonce. Nothing is final while a sound node does not hold
 * the same root. Safe to run at any time, any number of times.
 */
export async function settleTransactions(
  pool: Pool,
  nodes: readonly SoundNode[],
  account: { readonly chainId: number; readonly payer: string },
): Promise<Settlement> {
  const groups = Map.groupBy(await unsettledTransactions(pool, account.chainId, account.payer), row => row.nonce)
  let unfinal = 0
  let reorganisations = 0
  let waiting: readonly TransactionRow[] = []
  let refusal: string | null = null
  for (const group of groups.values()) {
    const mined = await findMined(nodes, group)
    for (const row of group)
      if (row.state === 'mined' && (mined?.row.hash !== row.hash || mined.receipt.blockHash !== row.blockHash)) {
        reorganisations++
        await markState(pool, row.hash, 'open')
      }
    if (!mined) {
      if (await isNonceUsed(nodes, account.payer, group[0]!.nonce)) {
        // Another transaction of the payer took the nonce: none of these can ever be mined.
        for (const row of group) await markState(pool, row.hash, 'void')
        continue
      }
      if (waiting.length === 0) waiting = group
      refusal ??= await sendAgain(pool, nodes, group.at(-1)!)
      continue
    }
    const { row, receipt } = mined
    const block = { number: receipt.blockNumber, hash: receipt.blockHash }
    const isFinal = nodes.every(({ finalized }) => finalized >= receipt.blockNumber)
    if (receipt.status !== 1) {
      await markState(pool, row.hash, isFinal ? 'failed' : 'mined', block)
    } else if (isFinal && (await isHeldByAll(nodes, row))) {
      const time = await blockTime(nodes[0]!, receipt.blockNumber)
      const { chainId, contract, treeSize, rootHash, hash } = row
      await insertAnchor(pool, { chainId, contract, treeSize, rootHash, transaction: hash, block: block.number, time })
      // Holds: the anchor is kept before its transaction counts as settled.
      await markState(pool, row.hash, 'final', block)
    } else {
      await markState(pool, row.hash, 'mined', block)
    }
    if (isFinal) for (const other of group) if (other.hash !== row.hash) await markState(pool, other.hash, 'void')
    if (!isFinal) unfinal++
  }
  return { waiting, unfinal, reorganisations, refusal }
}

/** Sends a stored transaction to every node; null when one took it or has it, else what they said. */
export async function sendAgain(pool: Pool, nodes: readonly SoundNode[], row: TransactionRow): Promise<string | null> {
  let taken = false
  let said = 'no node answered'
  for (const { node } of nodes) {
    try {
      await node.request('eth_sendRawTransaction', [row.raw])
      taken = true
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
      if (/already known|known transaction|already imported/i.test(error.message)) taken = true
      else said = error.message
    }
  }
  if (taken) await markSent(pool, row.hash)
  return taken ? null : said
}

async function findMined(
  nodes: readonly SoundNode[],
  group: readonly TransactionRow[],
): Promise<{ row: TransactionRow; receipt: Receipt } | null> {
  for (const row of group)
    for (const { node } of nodes) {
      const receipt = (await node.request('eth_getTransactionReceipt', [row.hash])) as Record<string, unknown> | null
      if (!receipt || typeof receipt.blockHash !== 'string') continue
      return {
        row,
        receipt: { status: parseNumber(receipt.status), blockNumber: parseNumber(receipt.blockNumber), blockHash: receipt.blockHash },
      }
    }
  return null
}

async function isNonceUsed(nodes: readonly SoundNode[], payer: string, nonce: number): Promise<boolean> {
  const counts = await Promise.all(nodes.map(({ node }) => node.request('eth_getTransactionCount', [payer, 'latest'])))
  return counts.every(count => parseNumber(count) > nonce)
}

async function isHeldByAll(nodes: readonly SoundNode[], row: TransactionRow): Promise<boolean> {
  const roots = await Promise.all(nodes.map(({ node }) => readRootAt(node, row.contract, row.treeSize, 'latest')))
  return roots.every(root => root !== null && Buffer.from(root).equals(row.rootHash))
}

async function blockTime({ node }: SoundNode, number: number): Promise<number> {
  const block = (await node.request('eth_getBlockByNumber', [`0x${number.toString(16)}`, false])) as { timestamp?: unknown } | null
  return parseNumber(block?.timestamp)
}
