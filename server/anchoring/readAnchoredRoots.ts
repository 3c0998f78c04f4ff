import type { AnchorDescription } from '../../core/trust/trustSchema.ts'
import type { AnchoredRoots } from '../log/verifyLog.ts'
import { finalizedBlock } from './chainNode.ts'
import { checkpointLogAbi, readChainId, readContract } from './checkpointLog.ts'
import { RpcError, type RpcNode } from './rpcNode.ts'

const span = 50_000

/**
 * Every root that a contract of the trust list holds, from its events up to the finalised block, with the newest it says itself; an Error
 * that says why when it cannot be had: a silent node, another chain, no code or other code at the address. After `untilSize` the contract
 * does not count.
 */
export async function readAnchoredRoots(node: RpcNode, contract: AnchorDescription): Promise<AnchoredRoots | Error> {
  const { chainId, address, codeHash, deployBlock, untilSize } = contract
  const name = `contract ${address}`
  try {
    const seen = await readChainId(node)
    if (seen !== chainId) return new Error(`${name}: ${node.name} is chain ${seen}, not ${chainId}`)
    const block = await finalizedBlock(node)
    const view = await readContract(node, address, block.tag)
    if (view.codeHash === null) return new Error(`${name}: no code at the address`)
    if (view.codeHash !== codeHash) return new Error(`${name}: other code than the trust list names`)
    const roots = new Map<number, Uint8Array>()
    for (let from = deployBlock; from <= block.number; from += span)
      for (const { treeSize, rootHash } of await readEvents(node, address, from, Math.min(from + span - 1, block.number)))
        roots.set(treeSize, rootHash)
    if (view.treeSize > 0) roots.set(view.treeSize, view.rootHash)
    const counted = [...roots].filter(([treeSize]) => untilSize === undefined || treeSize <= untilSize)
    return { name, roots: counted.map(([treeSize, rootHash]) => ({ treeSize, rootHash })) }
  } catch (error) {
    if (error instanceof RpcError) return new Error(`${name}: ${node.name}: ${error.message}`)
    throw error
  }
}

async function readEvents(node: RpcNode, address: string, from: number, to: number): Promise<{ treeSize: number; rootHash: Uint8Array }[]> {
  const hex = (n: number) => `0x${n.toString(16)}`
  const { topicHash } = checkpointLogAbi.getEvent('CheckpointAnchored')!
  const logs = await node.request('eth_getLogs', [{ address, fromBlock: hex(from), toBlock: hex(to), topics: [topicHash] }])
  if (!Array.isArray(logs)) throw new RpcError('silent', 'not a list of events')
  return logs.map(({ topics, data }) => {
    try {
      const { args } = checkpointLogAbi.parseLog({ topics, data })!
      return { treeSize: Number(args.treeSize), rootHash: Buffer.from(String(args.rootHash).slice(2), 'hex') }
    } catch (cause) {
      throw new RpcError('silent', 'an event does not decode', { cause })
    }
  })
}
