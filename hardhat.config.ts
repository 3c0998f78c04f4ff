import { createRequire } from 'node:module'
import { defineConfig } from 'hardhat/config'

const require = createRequire(import.meta.url)

export default defineConfig({
  paths: { sources: 'contracts', tests: { solidity: 'test/contracts' }, artifacts: '.antin/build/artifacts', cache: '.antin/build/cache' },
  solidity: {
    version: '0.8.37',
    path: require.resolve('solc/soljson.js'),
    settings: { optimizer: { enabled: true, runs: 10_000 }, evmVersion: 'cancun' },
  },
  test: { solidity: { fuzz: { runs: 200 }, invariant: { runs: 16, depth: 64 } } },
  networks: { dev: { type: 'edr-simulated', chainType: 'l1', chainId: 31337, mining: { auto: true, interval: 1000 } } },
})
