import { Contract, FetchRequest, JsonRpcProvider, keccak256, Network } from 'ethers'
import { fromHex } from '../core/encoding/bytes.ts'
import type { ChainAnswer, ChainNode } from '../core/verification/evidence.ts'

const abi = ['function rootAt(uint64 treeSize) view returns (bytes32)']
const patience = 10_000

/** A chain node that the caller trusts; `close` lets the process end. */
export interface OpenChainNode extends ChainNode {
  close(): void
}

/**
 * The chain port over a JSON-RPC node: what it says at the block tag `finalized` (formats 8). Whatever goes wrong is silence. With
 * `only` given, the contract of the trust list has to be that one.
 */
export function openChainNode(url: string, only?: string): OpenChainNode {
  const request = new FetchRequest(url)
  request.timeout = patience
  request.setThrottleParams({ maxAttempts: 1 })
  // A static network, whichever: ethers would else ask for it again and again while the node is down. The chain id is read below.
  const provider = new JsonRpcProvider(request, undefined, { batchMaxCount: 1, cacheTimeout: -1, staticNetwork: Network.from(1) })
  return {
    async readAnchor({ address }, treeSize): Promise<ChainAnswer> {
      if (only !== undefined && only.toLowerCase() !== address.toLowerCase()) {
        return { kind: 'silent', detail: `the trust list names the contract ${address}` }
      }
      try {
        return await read(provider, address, treeSize)
      } catch (error) {
        return { kind: 'silent', detail: error instanceof Error ? error.message.slice(0, 200) : '' }
      }
    },
    close: () => provider.destroy(),
  }
}

async function read(provider: JsonRpcProvider, address: string, treeSize: number): Promise<ChainAnswer> {
  const chainId = Number(BigInt(await provider.send('eth_chainId', [])))
  const block = await provider.send('eth_getBlockByNumber', ['finalized', false])
  if (!block) return { kind: 'silent', detail: 'the node knows no finalised block' }
  // One block for all answers: `finalized` may move on in between.
  const blockTag = String(block.number)
  const time = Number(BigInt(block.timestamp))
  const code = await provider.send('eth_getCode', [address, blockTag])
  if (code === '0x') return { kind: 'answer', chainId, codeHash: null, rootHash: null, time }
  const call = new Contract(address, abi).interface
  const answer = await provider.send('eth_call', [{ to: address, data: call.encodeFunctionData('rootAt', [treeSize]) }, blockTag])
  const [root] = call.decodeFunctionResult('rootAt', answer)
  const rootHash = fromHex(String(root).slice(2))
  return { kind: 'answer', chainId, codeHash: keccak256(code), rootHash: rootHash.every(byte => byte === 0) ? null : rootHash, time }
}
