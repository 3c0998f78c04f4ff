import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll } from '@jest/globals'
import type { AnchorDescription } from '../../../core/trust/trustSchema.ts'
import { deployCheckpointLog } from '../../../server/anchoring/deployCheckpointLog.ts'
import { type DevelopmentChain, startDevelopmentChain } from '../../../server/anchoring/developmentChain.ts'
import type { RpcNode } from '../../../server/anchoring/rpcNode.ts'
import { type AnchorSigner, type Payer, walletAnchorSigner, walletPayer } from '../../../server/anchoring/signers.ts'
import { origin } from '../log/support/testLog.ts'

export const adminDelay = 48 * 3600

/** A chain of the test file's own; each test gets keys and a contract of its own from `newContract`. */
export function useChain(): DevelopmentChain {
  const chain = {} as DevelopmentChain
  beforeAll(async () => {
    Object.assign(chain, await startDevelopmentChain())
    // Blocks come only from transactions and from the tests.
    await chain.node.request('evm_setIntervalMining', [0])
  }, 120_000)
  afterAll(() => chain.close?.())
  return chain
}

export interface TestContract {
  contract: AnchorDescription
  anchorSigner: AnchorSigner
  payer: Payer
  admin: string
}

export async function newContract(chain: DevelopmentChain): Promise<TestContract> {
  const key = () => `0x${randomBytes(32).toString('hex')}`
  const anchorSigner = walletAnchorSigner(key())
  const payer = walletPayer(key())
  const admin = walletPayer(key()).address
  await chain.fund(payer.address)
  const contract = await deployCheckpointLog({ ...chain, payer }, { origin, admin, adminDelay, anchorSigner: anchorSigner.address })
  return { contract, anchorSigner, payer, admin }
}

/** A node that answers as `answers` says for some methods and as the real one for the rest. */
export function altered(
  node: RpcNode,
  name: string,
  answers: Record<string, (params: readonly unknown[], real: () => Promise<unknown>) => unknown>,
): RpcNode {
  return {
    name,
    request: async (method, params = []) => {
      const real = () => node.request(method, params)
      return method in answers ? answers[method]!(params, real) : real()
    },
  }
}
