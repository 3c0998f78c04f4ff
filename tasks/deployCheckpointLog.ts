import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { formatEther, getAddress } from 'ethers'
import type { HardhatRuntimeEnvironment } from 'hardhat/types/hre'
import { parseQuantity, readChainId, readContract } from '../server/anchoring/checkpointLog.ts'
import { useContract } from '../server/anchoring/contractsTable.ts'
import { deployCheckpointLog } from '../server/anchoring/deployCheckpointLog.ts'
import { rpcNode } from '../server/anchoring/rpcNode.ts'
import { walletPayer } from '../server/anchoring/signers.ts'
import { createPool } from '../server/db/pool.ts'

interface Arguments {
  rpc: string
  payerKeyFile: string
  origin: string
  admin: string
  adminDelay: string
  anchorSigner: string
  predecessor: string
  forkSize: string
  forkRoot: string
  confirmations: string
  database: string
  yes: boolean
}

/**
 * `npx hardhat deploy-checkpoint-log --rpc URL --payer-key-file FILE --origin HOST/log --admin 0x… --anchor-signer 0x… [--database URL]`:
 * deploys the contract on any EVM chain after asking, waits for its confirmations, reads it back, and with `--database` puts it into use:
 * the next `antin trust publish` names it. The three fork options name the contract that it continues.
 */
export default async function deploy(args: Arguments, hre: HardhatRuntimeEnvironment): Promise<void> {
  const absent = (['rpc', 'payerKeyFile', 'origin', 'admin', 'anchorSigner'] as const).filter(name => args[name] === '')
  if (absent.length > 0) {
    console.error(`Needed: ${absent.map(name => `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`).join(' ')}`)
    process.exitCode = 64
    return
  }
  await hre.tasks.getTask('build').run({ quiet: true })
  const { bytecode } = await hre.artifacts.readArtifact('CheckpointLog')
  const node = rpcNode(args.rpc)
  const payer = walletPayer(`0x${readFileSync(args.payerKeyFile, 'utf8').trim().replace(/^0x/, '')}`)
  const deployment = {
    origin: args.origin,
    admin: getAddress(args.admin),
    adminDelay: Number(args.adminDelay),
    anchorSigner: getAddress(args.anchorSigner),
    ...(args.predecessor === ''
      ? {}
      : {
          fork: {
            predecessor: getAddress(args.predecessor),
            treeSize: Number(args.forkSize),
            rootHash: Buffer.from(args.forkRoot.replace(/^0x/, ''), 'hex'),
          },
        }),
  }
  const chainId = await readChainId(node)
  const balance = parseQuantity(await node.request('eth_getBalance', [payer.address, 'latest']))
  console.log(`Chain ${chainId} at ${node.name}; ${payer.address} pays and holds ${formatEther(balance)}`)
  console.log(
    JSON.stringify(
      args.predecessor === '' ? deployment : { ...deployment, fork: { ...deployment.fork, rootHash: args.forkRoot } },
      null,
      2,
    ),
  )
  if (!args.yes && !(await isConfirmed('Deploy this contract? It cannot be changed afterwards. [y/N] '))) return

  const contract = await deployCheckpointLog({ node, payer, bytecode, confirmations: Number(args.confirmations) }, deployment)
  const view = await readContract(node, contract.address, 'latest')
  if (view.origin !== deployment.origin || view.signer !== deployment.anchorSigner)
    throw new Error('The contract does not read back as deployed')
  console.log(JSON.stringify(contract, null, 2))
  if (args.database === '') {
    console.log(
      'Not written anywhere: with --database URL the next `antin trust publish` names it; CHAIN_CONTRACT and CHAIN_ID put it into use.',
    )
    return
  }
  const pool = createPool(args.database, { max: 1 })
  try {
    await useContract(pool, contract)
    console.log('Written to the database: run `antin trust publish` so that verifiers are told of it.')
  } finally {
    await pool.end()
  }
}

/** Throws where nobody can be asked. */
async function isConfirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new Error('Nobody is there to agree: say --yes.')
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim())
  } finally {
    terminal.close()
  }
}
