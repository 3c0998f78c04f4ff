import type { AgencyRow } from './agenciesTable.ts'

/** Whether entries of the log leave an agency out at `now` (seconds): once its trust slice has called it restricted for `waitSeconds`, every verifier's does. */
export function isLeftOut(agency: Pick<AgencyRow, 'restrictedServedAt'> | undefined, waitSeconds: number, now: number): boolean {
  const servedAt = agency?.restrictedServedAt ?? null
  return servedAt !== null && servedAt.getTime() / 1000 + waitSeconds <= now
}
