import { getAddress, getBytes, Interface, keccak256, TypedDataEncoder } from 'ethers'
import { z } from 'zod'
import { RpcError, type RpcNode } from './rpcNode.ts'

/** The contract's functions, events and errors (formats 6, contracts/ICheckpointLog.sol). */
export const checkpointLogAbi = new Interface([
  'constructor(string origin, address admin, uint48 adminDelay, address anchorSigner, address predecessor, uint64 forkSize, bytes32 forkRoot)',
  'function anchor(uint64 treeSize, bytes32 rootHash, bytes32[] consistencyProof, bytes logSignature)',
  'function latest() view returns (uint64 treeSize, bytes32 rootHash, uint64 timestamp)',
  'function rootAt(uint64 treeSize) view returns (bytes32)',
  'function verifyInclusion(uint64 treeSize, bytes32 leafHash, uint64 leafIndex, bytes32[] path) view returns (bool)',
  'function origin() view returns (string)',
  'function predecessor() view returns (address)',
  'function anchorSigner() view returns (address)',
  'function pendingAnchorSigner() view returns (address, uint48)',
  'event CheckpointAnchored(uint64 indexed treeSize, bytes32 indexed rootHash, uint64 previousTreeSize)',
  'error CheckpointLogInvalidGrowth(uint64 previousTreeSize, uint64 treeSize)',
  'error CheckpointLogZeroRoot()',
  'error CheckpointLogInvalidSignature()',
  'error CheckpointLogInconsistent()',
])

/** A deployed contract; `address` checksummed, `codeHash` 0x hex keccak-256 of its runtime code where it is known. */
export interface ContractPlace {
  readonly chainId: number
  readonly address: string
  readonly codeHash?: string | undefined
}

/** What a node says of the contract at one block; `codeHash` is null when there is no code. */
export interface ContractView {
  readonly codeHash: string | null
  readonly treeSize: number
  /** 32 bytes; zeros at size 0. */
  readonly rootHash: Uint8Array
  readonly origin: string
  readonly signer: string
}

const quantity = z.string().regex(/^0x[0-9a-fA-F]{1,64}$/)
const hex = z.string().regex(/^0x([0-9a-fA-F]{2})*$/)

/** A non-negative number below 2^53 as JSON-RPC writes it; anything else makes the node silent. */
export function parseNumber(value: unknown): number {
  const number = Number(parseQuantity(value))
  if (!Number.isSafeInteger(number)) throw new RpcError('silent', 'a number is out of range')
  return number
}

/** A quantity of JSON-RPC; anything else makes the node silent. */
export function parseQuantity(value: unknown): bigint {
  const parsed = quantity.safeParse(value)
  if (!parsed.success) throw new RpcError('silent', 'not a quantity')
  return BigInt(parsed.data)
}

/** The chain's id. */
export async function readChainId(node: RpcNode): Promise<number> {
  return parseNumber(await node.request('eth_chainId'))
}

/** keccak-256 of the code at the address, 0x hex; null when there is none. */
export async function readCodeHash(node: RpcNode, address: string, block: string): Promise<string | null> {
  const code = hex.safeParse(await node.request('eth_getCode', [address, block]))
  if (!code.success) throw new RpcError('silent', 'not bytes')
  return code.data === '0x' ? null : keccak256(code.data)
}

/** The contract as it stands at a block tag or number. Code of another hash than `expected` is not asked: the rest is empty then. */
export async function readContract(node: RpcNode, address: string, block: string, expected?: string): Promise<ContractView> {
  const codeHash = await readCodeHash(node, address, block)
  if (codeHash === null || (expected !== undefined && codeHash !== expected))
    return { codeHash, treeSize: 0, rootHash: new Uint8Array(32), origin: '', signer: '' }
  const [latest, origin, signer] = await Promise.all([
    view(node, address, 'latest', [], block),
    view(node, address, 'origin', [], block),
    view(node, address, 'anchorSigner', [], block),
  ])
  return {
    codeHash,
    treeSize: Number(latest[0]),
    rootHash: getBytes(latest[1] as string),
    origin: String(origin[0]),
    signer: getAddress(String(signer[0])),
  }
}

/** The root anchored at a size, 32 bytes; null when there is none. */
export async function readRootAt(node: RpcNode, address: string, treeSize: number, block: string): Promise<Uint8Array | null> {
  const [root] = await view(node, address, 'rootAt', [treeSize], block)
  const bytes = getBytes(String(root))
  return bytes.some(byte => byte !== 0) ? bytes : null
}

async function view(node: RpcNode, address: string, name: string, args: readonly unknown[], block: string): Promise<readonly unknown[]> {
  const data = checkpointLogAbi.encodeFunctionData(name, args)
  const result = hex.safeParse(await node.request('eth_call', [{ to: address, data }, block]))
  try {
    return checkpointLogAbi.decodeFunctionResult(name, result.data ?? '0x')
  } catch (cause) {
    throw new RpcError('silent', `${name}: the answer does not decode`, { cause })
  }
}

/** The EIP-712 message for the anchor signer: `0x1901 ‖ domain separator ‖ struct hash`, 66 bytes. */
export function anchorMessage(place: ContractPlace, checkpoint: { origin: string; treeSize: number; rootHash: Uint8Array }): Uint8Array {
  const domain = { name: 'CheckpointLog', version: '1', chainId: place.chainId, verifyingContract: place.address }
  const types = {
    Checkpoint: [
      { name: 'origin', type: 'string' },
      { name: 'treeSize', type: 'uint64' },
      { name: 'rootHash', type: 'bytes32' },
    ],
  }
  return getBytes(TypedDataEncoder.encode(domain, types, checkpoint))
}
