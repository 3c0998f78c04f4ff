import { AppError } from '../../core/errors.ts'
import type { Db } from './transaction.ts'

/** Seconds that the clocks of a process and its database may differ: above that nothing is issued, signed or forgotten by either. */
const bearable = 60

/** Seconds that the database's clock is ahead of `clock`; negative when it is behind. */
export async function clockDifference(db: Db, clock: () => number): Promise<number> {
  const { rows } = await db.query<{ now: number }>('select extract(epoch from clock_timestamp())::float8 as now')
  return Math.round(rows[0]!.now - clock())
}

/** Whether work that goes by either clock may be done. */
export function isBearable(difference: number): boolean {
  return Math.abs(difference) <= bearable
}

/** Throws `clock.unavailable` where work that goes by either clock may not be done. */
export function assertBearable(difference: number): void {
  if (isBearable(difference)) return
  const words = `${Math.abs(difference)} s ${difference > 0 ? 'ahead of' : 'behind'}`
  throw new AppError('clock.unavailable', `The clock of the database is ${words} this server's`)
}
