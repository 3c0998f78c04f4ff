import type { Pool } from 'pg'
import { equalBytes } from '../../core/encoding/bytes.ts'
import { type AnchorRow, newestAnchor } from '../log/anchorsTable.ts'
import { rootOfLog } from '../log/rootOfLog.ts'
import type { AnchoringStateName, NodeState } from './anchoringState.ts'
import { finalizedBlock } from './chainNode.ts'
import { type ContractPlace, type ContractView, readChainId, readContract, readRootAt } from './checkpointLog.ts'
import { RpcError, type RpcNode } from './rpcNode.ts'

/** A node whose view of the contract fits our log; `finalized` is the number of its finalised block. */
export interface SoundNode {
  readonly node: RpcNode
  readonly view: ContractView
  readonly finalized: number
}

/** What a survey of all nodes found: sound nodes with the most advanced first, or why there are none. */
export interface Survey {
  readonly sound: readonly SoundNode[]
  readonly nodes: readonly NodeState[]
  /** What is wrong, when something is; with sound nodes anchoring may go on. */
  readonly problem: { readonly state: AnchoringStateName; readonly detail: string } | null
}

/** The nodes, and what they are compared with: our log in `pool`, and our contract. */
export interface SurveyDeps {
  readonly pool: Pool
  readonly nodes: readonly RpcNode[]
  readonly contract: ContractPlace
  /** Its name is the log's origin. */
  readonly logKey: { readonly name: string }
  readonly anchorSigner: { readonly address: string }
  readonly finalityDepth?: number | undefined
}

/** Our log's size, and the newest anchor that was final before. */
interface Known {
  readonly logSize: number
  readonly finalAnchor: AnchorRow | null
}

type Finding = { sound: SoundNode } | { fault: AnchoringStateName; detail: string }

/** Asks every node for the contract and judges each by our own log, then together. A silent node never stops one that answers. */
export async function surveyNodes(deps: SurveyDeps, logSize: number): Promise<Survey> {
  const { nodes } = deps
  const known = { logSize, finalAnchor: await newestAnchor(deps.pool, deps.contract) }
  const findings = await Promise.all(nodes.map(node => surveyNode(node, deps, known)))
  const states = nodes.map((node, i): NodeState => {
    const finding = findings[i]!
    return 'sound' in finding
      ? { name: node.name, ok: true, detail: `contract at ${finding.sound.view.treeSize}` }
      : { name: node.name, ok: false, detail: `${finding.fault}: ${finding.detail}` }
  })
  const sound = findings
    .flatMap(finding => ('sound' in finding ? [finding.sound] : []))
    .toSorted((a, b) => b.view.treeSize - a.view.treeSize || b.finalized - a.finalized)
  const faults = findings.flatMap((finding, i) => ('fault' in finding ? [{ ...finding, name: nodes[i]!.name }] : []))
  const telling = faults.filter(fault => fault.fault !== 'node-silent')
  if (sound.length > 0 && telling.length > 0)
    return {
      sound,
      nodes: states,
      problem: { state: 'nodes-disagree', detail: telling.map(f => `${f.name}: ${f.fault}, ${f.detail}`).join('; ') },
    }
  if (sound.length > 0) return { sound, nodes: states, problem: null }
  const worst = telling[0] ?? faults[0]
  const detail = faults.map(f => `${f.name}: ${f.detail}`).join('; ')
  return { sound, nodes: states, problem: { state: worst?.fault ?? 'node-silent', detail: detail || 'no chain node is configured' } }
}

async function surveyNode(node: RpcNode, deps: SurveyDeps, known: Known): Promise<Finding> {
  try {
    return await judgeNode(node, deps, known)
  } catch (error) {
    if (error instanceof RpcError) return { fault: 'node-silent', detail: error.message }
    throw error
  }
}

async function judgeNode(node: RpcNode, deps: SurveyDeps, { logSize, finalAnchor }: Known): Promise<Finding> {
  const { pool, contract, logKey, anchorSigner } = deps
  const chainId = await readChainId(node)
  if (chainId !== contract.chainId) return { fault: 'wrong-chain', detail: `chain ${chainId}, not ${contract.chainId}` }
  const view = await readContract(node, contract.address, 'latest', contract.codeHash)
  if (view.codeHash === null) return { fault: 'no-contract', detail: contract.address }
  if (contract.codeHash !== undefined && view.codeHash !== contract.codeHash)
    return { fault: 'wrong-contract', detail: `code ${view.codeHash}` }
  if (view.origin !== logKey.name) return { fault: 'wrong-contract', detail: `origin ${view.origin}` }
  if (view.signer.toLowerCase() !== anchorSigner.address.toLowerCase()) return { fault: 'wrong-contract', detail: `signer ${view.signer}` }
  if (view.treeSize > logSize) return { fault: 'log-behind', detail: `contract ${view.treeSize}, log ${logSize}` }
  if (view.treeSize > 0 && !equalBytes(await rootOfLog(pool, view.treeSize), view.rootHash))
    return { fault: 'log-forked', detail: `another root at ${view.treeSize}` }
  const finalized = await finalizedBlock(node, deps.finalityDepth)
  if (finalAnchor && finalAnchor.contract === contract.address && finalAnchor.chainId === contract.chainId) {
    const root = await readRootAt(node, contract.address, finalAnchor.treeSize, 'latest')
    // A node that is catching up does not know it yet; one that is past that block denies it.
    if (!root && finalized.number < finalAnchor.block) return { fault: 'node-silent', detail: `at block ${finalized.number}, behind` }
    if (!root || !equalBytes(root, finalAnchor.rootHash))
      return { fault: 'node-lying', detail: `denies the final anchor at ${finalAnchor.treeSize}` }
  }
  return { sound: { node, view, finalized: finalized.number } }
}
