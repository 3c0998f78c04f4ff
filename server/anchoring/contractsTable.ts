import type { AnchorDescription } from '../../core/trust/trustSchema.ts'
import type { Db } from '../db/transaction.ts'

const columns = `chain_id as "chainId", address, code_hash as "codeHash", deploy_block as "deployBlock", from_size as "fromSize", until_size as "untilSize"`

interface Row extends Omit<AnchorDescription, 'untilSize'> {
  untilSize: number | null
}

/** Every contract this log was anchored in, oldest first, as the trust index names them. */
export async function readContracts(db: Db): Promise<AnchorDescription[]> {
  const { rows } = await db.query<Row>(`select ${columns} from anchor_contracts order by id`)
  return rows.map(({ untilSize, ...row }) => (untilSize === null ? row : { ...row, untilSize }))
}

/** The contract in use, or null. */
export async function currentContract(db: Db): Promise<AnchorDescription | null> {
  return (await readContracts(db)).findLast(row => row.untilSize === undefined) ?? null
}

/** Puts a contract into use, ending the one before it at `untilSize` where a size is given, else forgetting it on the same chain. */
export async function useContract(db: Db, contract: AnchorDescription): Promise<void> {
  const known = await currentContract(db)
  if (known && known.chainId === contract.chainId && known.address === contract.address && known.codeHash === contract.codeHash) return
  await db.query('update anchor_contracts set until_size = $1 where until_size is null', [contract.fromSize])
  await db.query('insert into anchor_contracts (chain_id, address, code_hash, deploy_block, from_size) values ($1, $2, $3, $4, $5)', [
    contract.chainId,
    contract.address,
    contract.codeHash,
    contract.deployBlock,
    contract.fromSize,
  ])
}

/** Forgets the contracts of a development chain that forgot itself. */
export async function forgetContracts(db: Db, chainId: number): Promise<void> {
  await db.query('delete from anchor_contracts where chain_id = $1', [chainId])
}
