import { setTimeout as sleep } from 'node:timers/promises'
import { getAddress, Transaction } from 'ethers'
import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import type { AnchorDescription } from '../../core/trust/trustSchema.ts'
import { checkpointLogAbi, parseNumber, parseQuantity, readChainId, readCodeHash } from './checkpointLog.ts'
import { forgetContracts, useContract } from './contractsTable.ts'
import { suggestFees } from './fees.ts'
import type { RpcNode } from './rpcNode.ts'
import type { Payer } from './signers.ts'
import { forgetChain } from './transactionsTable.ts'

/** What a new contract is made of (formats 6). Addresses are 0x hex; the delay is in seconds, 48 hours or more. */
export interface Deployment {
  readonly origin: string
  readonly admin: string
  readonly adminDelay: number
  readonly anchorSigner: string
  /** The contract that this one continues, where the log was forked. */
  readonly fork?: { readonly predecessor: string; readonly treeSize: number; readonly rootHash: Uint8Array } | undefined
}

export interface DeploymentDeps {
  readonly node: RpcNode
  readonly payer: Payer
  /** Creation code, 0x hex. */
  readonly bytecode: string
  /** Blocks to wait for above the contract's own; 0 by default. */
  readonly confirmations?: number | undefined
}

const developmentChain = 31_337
const zeroAddress = `0x${'0'.repeat(40)}`
const patienceMs = 15 * 60_000

/** Deploys a contract and answers it as the trust index names it, once its block has `confirmations`. Throws `anchor.deployment`. */
export async function deployCheckpointLog(
  { node, payer, bytecode, confirmations = 0 }: DeploymentDeps,
  deployment: Deployment,
): Promise<AnchorDescription> {
  const { origin, admin, adminDelay, anchorSigner, fork } = deployment
  const chainId = await readChainId(node)
  const args = [
    origin,
    admin,
    adminDelay,
    anchorSigner,
    fork?.predecessor ?? zeroAddress,
    fork?.treeSize ?? 0,
    fork?.rootHash ?? new Uint8Array(32),
  ]
  const data = bytecode + checkpointLogAbi.encodeDeploy(args).slice(2)
  const fees = await suggestFees(node)
  const gasLimit = (parseQuantity(await node.request('eth_estimateGas', [{ from: payer.address, data }])) * 6n) / 5n
  const nonce = parseNumber(await node.request('eth_getTransactionCount', [payer.address, 'pending']))
  const price = fees.dynamic
    ? { type: 2, maxFeePerGas: fees.maxFee, maxPriorityFeePerGas: fees.priorityFee }
    : { type: 0, gasPrice: fees.maxFee }
  const raw = await payer.signTransaction({ chainId, nonce, gasLimit, data, ...price })
  await node.request('eth_sendRawTransaction', [raw])
  const { address, block } = await awaitContract(node, Transaction.from(raw).hash!, confirmations)
  const codeHash = await readCodeHash(node, address, 'latest')
  if (codeHash === null) throw new AppError('anchor.deployment', `${address} holds no code`)
  return { chainId, address, codeHash, deployBlock: block, fromSize: fork?.treeSize ?? 0 }
}

/**
 * Deploys the contract anew on the development chain, which forgets when it stops, and forgets what was anchored there. Throws
 * `anchor.deployment` on any other chain: there a missing contract is an alarm.
 */
export async function redeployForDevelopment(
  deps: DeploymentDeps & { readonly pool: Pool },
  deployment: Deployment,
): Promise<AnchorDescription> {
  const chainId = await readChainId(deps.node)
  if (chainId !== developmentChain) throw new AppError('anchor.deployment', `Chain ${chainId} is no development chain`)
  await forgetChain(deps.pool, chainId)
  await forgetContracts(deps.pool, chainId)
  const contract = await deployCheckpointLog(deps, deployment)
  await useContract(deps.pool, contract)
  return contract
}

async function awaitContract(node: RpcNode, hash: string, confirmations: number): Promise<{ address: string; block: number }> {
  for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(300)) {
    const receipt = (await node.request('eth_getTransactionReceipt', [hash])) as Record<string, unknown> | null
    if (!receipt) continue
    if (parseNumber(receipt.status) !== 1) throw new AppError('anchor.deployment', `The transaction ${hash} failed`)
    const block = parseNumber(receipt.blockNumber)
    if (parseNumber(await node.request('eth_blockNumber')) < block + confirmations) continue
    return { address: getAddress(String(receipt.contractAddress)), block }
  }
  throw new AppError('anchor.deployment', `The transaction ${hash} was not mined within 15 minutes`)
}
