import type { Db } from '../db/transaction.ts'

/** A checkpoint that a contract holds beyond reorganisation; `time` is that of the block, in seconds. */
export interface AnchorRow {
  readonly chainId: number
  /** 0x and 40 hex digits, checksummed. */
  readonly contract: string
  readonly treeSize: number
  readonly rootHash: Uint8Array
  /** 0x and 64 hex digits. */
  readonly transaction: string
  readonly block: number
  readonly time: number
}

const columns = `chain_id as "chainId", contract, tree_size as "treeSize", root_hash as "rootHash", transaction, block, time`

/** Keeps a finalised anchor; one that is known stays as it is. Answers whether it is new. */
export async function insertAnchor(db: Db, row: AnchorRow): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into log_anchors (chain_id, contract, tree_size, root_hash, transaction, block, time)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    [row.chainId, row.contract, row.treeSize, row.rootHash, row.transaction, row.block, row.time],
  )
  return rowCount === 1
}

/** The anchor to show beside a tree of `treeSize` for a leaf: the smallest from that size on, else the largest that holds the leaf. */
export async function anchorNear(db: Db, treeSize: number, leafIndex: number): Promise<AnchorRow | null> {
  const { rows } = await db.query<AnchorRow>(
    `(select ${columns}, 0 as place from log_anchors where tree_size >= $1 order by tree_size limit 1)
     union all
     (select ${columns}, 1 from log_anchors where tree_size > $2 and tree_size < $1 order by tree_size desc limit 1)
     order by place limit 1`,
    [treeSize, leafIndex],
  )
  const [row] = rows
  if (!row) return null
  const { chainId, contract, rootHash, transaction, block, time } = row
  return { chainId, contract, treeSize: row.treeSize, rootHash, transaction, block, time }
}

/** The largest finalised anchor of a contract, or of any, or null. */
export async function newestAnchor(db: Db, contract?: { readonly chainId: number; readonly address: string }): Promise<AnchorRow | null> {
  const { rows } = await db.query<AnchorRow>(
    `select ${columns} from log_anchors where $1::bigint is null or (chain_id = $1 and contract = $2) order by tree_size desc limit 1`,
    [contract?.chainId ?? null, contract?.address ?? null],
  )
  return rows[0] ?? null
}
