import { type RpcNode, rpcNode } from './rpcNode.ts'

/** A Hardhat chain in this process, chain 31337; it forgets when it stops. */
export interface DevelopmentChain {
  readonly url: string
  readonly node: RpcNode
  /** Creation code of CheckpointLog, 0x hex. */
  readonly bytecode: string
  /** Gives an account 100 ether. */
  fund(address: string): Promise<void>
  close(): Promise<void>
}

/** Compiles the contract if its source changed and starts a chain that listens on 127.0.0.1 (`port` 0: any free one). */
export async function startDevelopmentChain(port = 0): Promise<DevelopmentChain> {
  const { createHardhatRuntimeEnvironment } = await import('hardhat/hre')
  const config = (await import('../../hardhat.config.ts')).default
  const hre = await createHardhatRuntimeEnvironment(config)
  const failure = await hre.tasks
    .getTask('build')
    .run({ quiet: true })
    .then(
      () => null,
      (error: unknown) => error,
    )
  // Hardhat cannot compile inside Jest; `npm test` has compiled before.
  const { bytecode } = await hre.artifacts.readArtifact('CheckpointLog').catch(error => {
    throw failure ?? error
  })
  const server = await hre.network.createServer('dev', '127.0.0.1', port)
  const at = await server.listen()
  const url = `http://127.0.0.1:${at.port}`
  const node = rpcNode(url)
  await setClock(node)
  return {
    url,
    node,
    bytecode,
    async fund(address) {
      await node.request('hardhat_setBalance', [address, `0x${(100n * 10n ** 18n).toString(16)}`])
    },
    close: () => server.close(),
  }
}

/** Its clock starts at the time at which the configuration was read, so that building and a busy machine would leave it behind for good. */
async function setClock(node: RpcNode): Promise<void> {
  await node.request('evm_mine')
  const block = (await node.request('eth_getBlockByNumber', ['latest', false])) as { timestamp: string }
  const behind = Math.floor(Date.now() / 1000) - Number(block.timestamp)
  if (behind > 0) await node.request('evm_increaseTime', [behind])
}
