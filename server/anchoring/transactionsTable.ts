import type { Db } from '../db/transaction.ts'

/** `open` may be mined at any time, `mined` may still be reorganised away; the others are settled. */
export type TransactionState = 'open' | 'mined' | 'final' | 'failed' | 'void'

/** A transaction that anchors a checkpoint. */
export interface TransactionRow {
  readonly hash: string
  readonly chainId: number
  readonly contract: string
  readonly payer: string
  readonly nonce: number
  readonly treeSize: number
  readonly rootHash: Uint8Array
  /** The signed transaction, 0x hex. */
  readonly raw: string
  /** Wei a gas. */
  readonly maxFee: bigint
  readonly priorityFee: bigint
  readonly state: TransactionState
  readonly storedAt: Date
  readonly sentAt: Date | null
  readonly block: number | null
  readonly blockHash: string | null
}

const columns = `hash, chain_id as "chainId", contract, payer, nonce, tree_size as "treeSize", root_hash as "rootHash", raw,
  max_fee::text as "maxFee", priority_fee::text as "priorityFee", state, stored_at as "storedAt", sent_at as "sentAt", block, block_hash as "blockHash"`

/** Stores a signed transaction before it is broadcast. */
export async function insertTransaction(
  db: Db,
  row: Omit<TransactionRow, 'state' | 'storedAt' | 'sentAt' | 'block' | 'blockHash'>,
): Promise<void> {
  await db.query(
    `insert into anchor_transactions (hash, chain_id, contract, payer, nonce, tree_size, root_hash, raw, max_fee, priority_fee)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      row.hash,
      row.chainId,
      row.contract,
      row.payer,
      row.nonce,
      row.treeSize,
      row.rootHash,
      row.raw,
      String(row.maxFee),
      String(row.priorityFee),
    ],
  )
}

/** Transactions of a payer that are not settled, by nonce, then oldest first. */
export async function unsettledTransactions(db: Db, chainId: number, payer: string): Promise<TransactionRow[]> {
  const { rows } = await db.query<TransactionRow>(
    `select ${columns} from anchor_transactions where chain_id = $1 and payer = $2 and state in ('open', 'mined') order by nonce, stored_at`,
    [chainId, payer],
  )
  return rows.map(row => ({ ...row, maxFee: BigInt(row.maxFee), priorityFee: BigInt(row.priorityFee) }))
}

/** Notes that a node took the transaction. */
export async function markSent(db: Db, hash: string): Promise<void> {
  await db.query('update anchor_transactions set sent_at = now() where hash = $1', [hash])
}

/** Notes what became of a transaction; block fields are cleared when it is open again. */
export async function markState(db: Db, hash: string, state: TransactionState, block?: { number: number; hash: string }): Promise<void> {
  await db.query(
    `update anchor_transactions set state = $2, block = case when $2 = 'open' then null else coalesce($3, block) end,
       block_hash = case when $2 = 'open' then null else coalesce($4, block_hash) end where hash = $1`,
    [hash, state, block?.number ?? null, block?.hash ?? null],
  )
}

/** Forgets the transactions and anchors of a development chain that forgot itself. */
export async function forgetChain(db: Db, chainId: number): Promise<void> {
  await db.query('delete from anchor_transactions where chain_id = $1', [chainId])
  await db.query('delete from log_anchors where chain_id = $1', [chainId])
}
