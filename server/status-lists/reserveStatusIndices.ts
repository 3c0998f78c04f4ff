import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { newStatusBits, statusListSize } from '../../core/status-list/statusList.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { indexOrder } from './indexOrder.ts'
import { countLeft, insertList, lockOpening, type Reservation, takePositions, takeRest } from './statusListsTable.ts'

/** An index of a status list, as a credential carries it. */
export interface StatusIndex {
  list: number
  idx: number
}

const maxOrders = 64
const orders = new Map<number, { key: Buffer; order: Uint32Array }>()

/**
 * Hands out `count` indices of lists that `owner` (the agency whose key signs) owns, in an order that nobody outside can tell; none is ever
 * handed out again, used or not. Committed when it answers. The next list is opened when a tenth is left. `size` is for tests.
 */
export async function reserveStatusIndices(
  pool: pg.Pool,
  owner: string,
  count: number,
  size: number = statusListSize,
): Promise<StatusIndex[]> {
  if (count === 0) return []
  const whole = await takePositions(pool, owner, count)
  if (whole) {
    if (whole.left < size / 10) await openAhead(pool, owner, size)
    return indicesOf(whole)
  }
  const parts = await inTransaction(pool, async tx => {
    await lockOpening(tx, owner)
    const taken: Reservation[] = []
    for (let missing = count; missing > 0; ) {
      const part = await takeRest(tx, owner, missing)
      if (part) taken.push(part)
      else await openList(tx, owner, size)
      missing -= part?.count ?? 0
    }
    if ((await countLeft(tx, owner)) < size / 10) await openList(tx, owner, size)
    return taken
  })
  return parts.flatMap(indicesOf)
}

/** Opens the next list unless another caller has. */
async function openAhead(pool: pg.Pool, owner: string, size: number): Promise<void> {
  await inTransaction(pool, async tx => {
    await lockOpening(tx, owner)
    if ((await countLeft(tx, owner)) < size / 10) await openList(tx, owner, size)
  })
}

async function openList(tx: Tx, owner: string, size: number): Promise<void> {
  await insertList(tx, owner, randomBytes(32), newStatusBits(size))
}

function indicesOf({ list, size, orderKey, from, count }: Reservation): StatusIndex[] {
  let known = orders.get(list)
  // The key is compared too: another database (a restore, a test) may have another list of this number.
  if (!known?.key.equals(orderKey)) {
    if (orders.size >= maxOrders) orders.delete(orders.keys().next().value!)
    known = { key: orderKey, order: indexOrder(orderKey, size) }
    orders.set(list, known)
  }
  const indices: StatusIndex[] = []
  for (let position = from; position < from + count; position++) indices.push({ list, idx: known.order[position]! })
  return indices
}
