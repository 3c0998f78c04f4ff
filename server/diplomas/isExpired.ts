import type { DiplomaRow } from './diplomasTable.ts'

/** Whether a diploma's last day is over at `now` (seconds). */
export function isExpired({ expiresAt }: Pick<DiplomaRow, 'expiresAt'>, now: number): boolean {
  return expiresAt !== null && expiresAt.getTime() / 1000 < now
}
