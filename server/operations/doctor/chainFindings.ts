import type { Pool } from 'pg'
import { anchoringState, anchoringStates } from '../../anchoring/anchoringState.ts'
import { readChainId, readContract } from '../../anchoring/checkpointLog.ts'
import { currentContract } from '../../anchoring/contractsTable.ts'
import { type RpcNode, rpcNode } from '../../anchoring/rpcNode.ts'
import type { Config } from '../../config.ts'
import { type Finding, ok, wrong } from './finding.ts'

/** What anchoring last found, and what each chain node says now; `blockTime` is the newest block's, in seconds. */
export async function chainFindings(pool: Pool, config: Config, now: number): Promise<{ findings: Finding[]; blockTime: number | null }> {
  const anchoring = await anchoringState(pool, config.CHAIN !== 'none', now)
  const detail = `${anchoring.state}, ${anchoring.unanchored} entries not anchored${anchoring.late ? ', some for over a day' : ''}`
  const findings = [
    anchoring.ok && !anchoring.late
      ? ok('anchoring', detail)
      : wrong(
          'anchoring',
          `${detail}; ${anchoring.detail}`,
          anchoring.ok ? 'Does `antin work` run? Its log says why nothing is anchored' : anchoringStates[anchoring.state],
        ),
  ]
  if (config.CHAIN === 'none') return { findings, blockTime: null }
  if (config.CHAIN_RPC_URLS.length === 0)
    return {
      findings: [...findings, wrong('chain', 'CHAIN_RPC_URLS names no node', 'Name nodes there, or set CHAIN=none')],
      blockTime: null,
    }
  const known = await currentContract(pool)
  const contract = config.CHAIN_CONTRACT && config.CHAIN_ID ? { chainId: config.CHAIN_ID, address: config.CHAIN_CONTRACT } : known
  const published = contract && known?.address.toLowerCase() === contract.address.toLowerCase() ? known.codeHash : undefined
  if (!contract)
    return {
      findings: [
        ...findings,
        wrong('contract', 'No contract is known', 'Deploy it (docs/contract.md), or name it by CHAIN_ID and CHAIN_CONTRACT'),
      ],
      blockTime: null,
    }
  const answers = await Promise.all(config.CHAIN_RPC_URLS.map(url => askNode(rpcNode(url, { timeoutMs: 5000 }), contract, published)))
  const times = answers.flatMap(answer => answer.blockTime ?? [])
  return { findings: [...findings, ...answers.map(answer => answer.finding)], blockTime: times.length > 0 ? Math.max(...times) : null }
}

async function askNode(
  node: RpcNode,
  { chainId, address }: { chainId: number; address: string },
  published: string | undefined,
): Promise<{ finding: Finding; blockTime?: number }> {
  try {
    const seen = await readChainId(node)
    if (seen !== chainId)
      return {
        finding: wrong(
          'chain',
          `${node.name} is of chain ${seen}, the contract of chain ${chainId}`,
          'Correct CHAIN_RPC_URLS (or CHAIN_ID)',
        ),
      }
    const block = (await node.request('eth_getBlockByNumber', ['latest', false])) as { timestamp?: string } | null
    const blockTime = Number(block?.timestamp ?? 0)
    const { codeHash, treeSize } = await readContract(node, address, 'latest', published)
    if (codeHash === null)
      return {
        finding: wrong(
          'contract',
          `${node.name} has no code at ${address}`,
          'Check CHAIN_CONTRACT, or that the node follows the right chain; a lying node can show this too',
        ),
        blockTime,
      }
    if (published !== undefined && codeHash !== published)
      return {
        finding: wrong(
          'contract',
          `${node.name} holds other code at ${address} than was published (${codeHash})`,
          'Ask a node of another owner. If it says the same the chain was replaced: stop anchoring and investigate before naming another contract',
        ),
        blockTime,
      }
    return { finding: ok('chain', `${node.name}: chain ${seen}, contract at ${treeSize}`), blockTime }
  } catch (error) {
    return {
      finding: wrong(
        'chain',
        `${node.name} does not answer: ${(error as Error).message}`,
        'Is the node up, is the network open? Another one in CHAIN_RPC_URLS helps',
      ),
    }
  }
}
