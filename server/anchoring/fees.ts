import { parseQuantity } from './checkpointLog.ts'
import { RpcError, type RpcNode } from './rpcNode.ts'

/** Fees in wei a gas; `dynamic` is EIP-1559, else both are the gas price. */
export interface Fees {
  readonly dynamic: boolean
  readonly maxFee: bigint
  readonly priorityFee: bigint
}

const gwei = 1_000_000_000n

/** Fees that a node takes now: twice the base fee and the tip it suggests, or its gas price where the chain has no base fee. */
export async function suggestFees(node: RpcNode): Promise<Fees> {
  const block = (await node.request('eth_getBlockByNumber', ['latest', false])) as { baseFeePerGas?: unknown } | null
  if (block?.baseFeePerGas === undefined) {
    const price = parseQuantity(await node.request('eth_gasPrice'))
    return { dynamic: false, maxFee: price, priorityFee: price }
  }
  const priorityFee = await node.request('eth_maxPriorityFeePerGas').then(parseQuantity, error => {
    if (error instanceof RpcError && error.kind === 'answered') return gwei
    throw error
  })
  return { dynamic: true, maxFee: parseQuantity(block.baseFeePerGas) * 2n + priorityFee, priorityFee }
}

/** Fees that replace a pending transaction: a quarter above its own and not below what is suggested now. */
export function bumpFees(old: Pick<Fees, 'maxFee' | 'priorityFee'>, now: Fees): Fees {
  const raise = (before: bigint, suggested: bigint) => {
    const raised = before + before / 4n + 1n
    return raised > suggested ? raised : suggested
  }
  const priorityFee = raise(old.priorityFee, now.priorityFee)
  const maxFee = raise(old.maxFee, now.maxFee)
  // EIP-1559: the highest fee is never below the tip.
  if (maxFee < priorityFee) return { dynamic: now.dynamic, maxFee: priorityFee, priorityFee }
  return { dynamic: now.dynamic, maxFee, priorityFee }
}
