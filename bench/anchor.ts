import { hash } from 'node:crypto'
import { nodeHash } from '../core/log/nodeHash.ts'
import { splitPoint } from '../core/log/treeNode.ts'
import { anchorMessage, checkpointLogAbi, parseNumber } from '../server/anchoring/checkpointLog.ts'
import { deployCheckpointLog } from '../server/anchoring/deployCheckpointLog.ts'
import { startDevelopmentChain } from '../server/anchoring/developmentChain.ts'
import { walletAnchorSigner, walletPayer } from '../server/anchoring/signers.ts'
import { nodeCrypto } from '../server/keys/nodeCrypto.ts'
import type { Report } from './report.ts'

/** Gas of a transaction that writes one mapping slot a document, and of one that only carries a root, measured beside this. */
const mappingWrite = 47_300
const bareRoot = 22_280
const origin = 'log.example/log'
const samples = 12

/** Gas of an anchor, and a diploma, by how many entries come between two anchors of a log of about 16 million. The dearest of 12 is noted. */
export async function run(report: Report): Promise<void> {
  const chain = await startDevelopmentChain()
  try {
    const payer = walletPayer(`0x${'a1'.repeat(32)}`)
    const signer = walletAnchorSigner(`0x${'a2'.repeat(32)}`)
    await chain.fund(payer.address)
    const anchor = async (contract: { chainId: number; address: string }, treeSize: number, rootHash: Uint8Array, path: Uint8Array[]) => {
      const signature = await signer.sign({ kind: 'anchor', bytes: anchorMessage(contract, { origin, treeSize, rootHash }) })
      const data = checkpointLogAbi.encodeFunctionData('anchor', [treeSize, rootHash, path, signature])
      const nonce = parseNumber(await chain.node.request('eth_getTransactionCount', [payer.address, 'latest']))
      const gas = { gasLimit: 200_000, gasPrice: 10n ** 10n, type: 0 }
      const raw = await payer.signTransaction({ chainId: contract.chainId, to: contract.address, data, nonce, ...gas })
      const sent = await chain.node.request('eth_sendRawTransaction', [raw])
      const receipt = (await chain.node.request('eth_getTransactionReceipt', [sent])) as { gasUsed: string }
      return parseNumber(receipt.gasUsed)
    }
    for (const between of [1, 100, 10_000, 1_000_000]) {
      const used: number[] = []
      for (let i = 0; i < samples; i++) {
        const first = 15_800_000 + ((i * 77_777 + between) % 400_000)
        const { firstRoot, secondRoot, path } = drawGrowth(first, first + between)
        const deployment = { origin, admin: payer.address, adminDelay: 172_800, anchorSigner: signer.address }
        const contract = await deployCheckpointLog({ ...chain, payer }, deployment)
        await anchor(contract, first, firstRoot, [])
        used.push(await anchor(contract, first + between, secondRoot, path))
      }
      const mean = used.reduce((sum, gas) => sum + gas, 0) / samples
      report({ case: `${between} between anchors`, rate: mean / between, unit: 'gas a diploma', limit: mappingWrite })
      report.note(`${between} between anchors: ${Math.round(mean)} gas an anchor, ${Math.max(...used)} at most`)
    }
    report({ case: 'a mapping write a document', rate: mappingWrite, unit: 'gas a diploma', limit: mappingWrite })
    report({ case: 'a bare root a document', rate: bareRoot, unit: 'gas a diploma', limit: mappingWrite })
  } finally {
    await chain.close()
  }
}

/** Roots of two sizes and the path between them over drawn nodes (RFC 9162 2.1.4.1): trees of any size at once. */
function drawGrowth(firstSize: number, secondSize: number): { firstRoot: Uint8Array; secondRoot: Uint8Array; path: Uint8Array[] } {
  const path: Uint8Array[] = []
  const draw = () => hash('sha256', `${firstSize} ${secondSize} ${path.length}`, 'buffer')
  const grow = (m: number, n: number, whole: boolean): [Uint8Array, Uint8Array] => {
    if (m === n) {
      const root = draw()
      if (!whole) path.push(root)
      return [root, root]
    }
    const k = splitPoint(n)
    const [first, second] = m <= k ? grow(m, k, whole) : grow(m - k, n - k, false)
    const sibling = draw()
    path.push(sibling)
    if (m <= k) return [first, nodeHash(second, sibling, nodeCrypto.sha256)]
    return [nodeHash(sibling, first, nodeCrypto.sha256), nodeHash(sibling, second, nodeCrypto.sha256)]
  }
  const [firstRoot, secondRoot] = grow(firstSize, secondSize, true)
  return { firstRoot, secondRoot, path }
}
