import type { ChainAnswer, ChainNode } from '../../core/verification/evidence.ts'
import { parseNumber, readChainId, readCodeHash, readRootAt } from './checkpointLog.ts'
import { RpcError, type RpcNode } from './rpcNode.ts'

/** The chain port of verification over a node; every failure is silence, never a verdict. Answers are of the finalised block. */
export function chainNode(node: RpcNode): ChainNode {
  return {
    async readAnchor({ address }, treeSize): Promise<ChainAnswer> {
      try {
        const chainId = await readChainId(node)
        const block = await finalizedBlock(node)
        const codeHash = await readCodeHash(node, address, block.tag)
        const rootHash = codeHash === null ? null : await readRootAt(node, address, treeSize, block.tag)
        return { kind: 'answer', chainId, codeHash, rootHash, time: block.time }
      } catch (error) {
        if (error instanceof RpcError) return { kind: 'silent', detail: `${node.name}: ${error.message}` }
        throw error
      }
    },
  }
}

/** Number, 0x hex tag and time (seconds) of the newest block that the node holds to be beyond reorganisation. */
export async function finalizedBlock(node: RpcNode, depth?: number): Promise<{ number: number; tag: string; time: number }> {
  let tag = 'finalized'
  if (depth !== undefined) {
    const latest = parseNumber(await node.request('eth_blockNumber'))
    tag = `0x${Math.max(0, latest - depth).toString(16)}`
  }
  const block = (await node.request('eth_getBlockByNumber', [tag, false])) as { number?: unknown; timestamp?: unknown } | null
  if (!block) throw new RpcError('answered', 'the node knows no finalised block')
  const number = parseNumber(block.number)
  return { number, tag: `0x${number.toString(16)}`, time: parseNumber(block.timestamp) }
}
