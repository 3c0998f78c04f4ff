import { createRequire } from 'node:module'
import { join } from 'node:path'
import { defineConfig, task } from 'hardhat/config'
import { ArgumentType } from 'hardhat/types/arguments'

const require = createRequire(import.meta.url)
/** The folder that is writable where the program's own is not. */
const home = process.env.ANTIN_HOME || '.antin'

const text = <N extends string>(name: N, description: string, defaultValue = '') =>
  ({ name, description, type: ArgumentType.STRING, defaultValue }) as const

const deployCheckpointLog = task('deploy-checkpoint-log', 'Deploys the CheckpointLog contract on any EVM chain')
  .addOption(text('rpc', 'JSON-RPC address of a node'))
  .addOption(text('payerKeyFile', 'File with the private key that pays, hex'))
  .addOption(text('origin', "Origin line of the log's checkpoints, HOST/log"))
  .addOption(text('admin', 'Address that may announce another signer; a multi-signature account in production'))
  .addOption(text('adminDelay', 'Seconds before a change takes effect, 172800 or more', '172800'))
  .addOption(text('anchorSigner', "Address of the log's anchor signer"))
  .addOption(text('predecessor', 'Contract that this one continues after a fork'))
  .addOption(text('forkSize', 'Size up to which the predecessor counts'))
  .addOption(text('forkRoot', 'Root at that size, hex'))
  .addOption(text('confirmations', 'Blocks to wait for', '2'))
  .addOption(text('database', 'DATABASE_URL of the installation that will use the contract'))
  .addFlag({ name: 'yes', description: 'Do not ask' })
  .setAction(() => import('./tasks/deployCheckpointLog.ts'))
  .build()

export default defineConfig({
  tasks: [deployCheckpointLog],
  paths: {
    sources: 'contracts',
    tests: { solidity: 'test/contracts' },
    artifacts: join(home, 'build', 'artifacts'),
    cache: join(home, 'build', 'cache'),
  },
  solidity: {
    version: '0.8.37',
    path: require.resolve('solc/soljson.js'),
    settings: { optimizer: { enabled: true, runs: 10_000 }, evmVersion: 'cancun' },
  },
  test: { solidity: { fuzz: { runs: 200 }, invariant: { runs: 16, depth: 64 } } },
  networks: { dev: { type: 'edr-simulated', chainType: 'l1', chainId: 31337, mining: { auto: true, interval: 1000 } } },
})
