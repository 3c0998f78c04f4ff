import { getAddress, getBytes, keccak256, SigningKey, Transaction, type TransactionLike, Wallet } from 'ethers'
import type { TypedMessage } from '../keys/signer.ts'

/** The key whose signature the contract asks for; `sign` takes 66 bytes `0x1901 ‖ domain ‖ struct` and gives 65 bytes r‖s‖v. */
export interface AnchorSigner {
  readonly address: string
  sign(message: TypedMessage): Uint8Array | Promise<Uint8Array>
}

/** The key that pays for gas; it decides nothing. */
export interface Payer {
  /** Checksummed. */
  readonly address: string
  /** The raw signed transaction, 0x hex. */
  signTransaction(transaction: TransactionLike): Promise<string>
}

/** An anchor signer from a private key (0x hex, 32 bytes), for tests and development chains. */
export function walletAnchorSigner(privateKey: string): AnchorSigner {
  const key = new SigningKey(privateKey)
  return { address: new Wallet(key).address, sign: ({ bytes }) => getBytes(key.sign(keccak256(bytes)).serialized) }
}

/** A payer from a private key (0x hex, 32 bytes). */
export function walletPayer(privateKey: string): Payer {
  const wallet = new Wallet(privateKey)
  return { address: getAddress(wallet.address), signTransaction: transaction => wallet.signTransaction(Transaction.from(transaction)) }
}
