import type { Db } from '../db/transaction.ts'
import { type KeyRow, readKeys } from '../keys/keysTable.ts'
import { readStaleLists } from '../status-lists/statusListsTable.ts'
import { rootPayloadOf } from './trustOffice.ts'
import { readLastPublication, readRoot } from './trustTable.ts'

/** Something about trust, keys or status lists that an operator has to see to. English, for operators. */
export interface TrustFinding {
  name: 'trust-list' | 'root' | 'keys' | 'status-lists'
  /** A fault makes verdicts undetermined now; a warning will, `amberInSeconds` from now, if nobody acts. */
  level: 'fault' | 'warning'
  detail: string
  /** What to do. */
  mend: string
  amberInSeconds: number
}

const day = 86_400
const publishAgain = 'Two people run `antin trust publish`.'

/** What is wrong with trust, keys and status lists at `now` (seconds), the worst first; empty when nothing is. */
export async function trustFindings(db: Db, now: number): Promise<TrustFinding[]> {
  const findings: TrustFinding[] = []
  const add = (name: TrustFinding['name'], amberInSeconds: number, detail: string, mend: string) =>
    findings.push({ name, level: amberInSeconds <= 0 ? 'fault' : 'warning', detail, mend, amberInSeconds: Math.max(0, amberInSeconds) })

  const last = await readLastPublication(db)
  if (!last) add('trust-list', 0, 'No trust list is published', 'Two people run `antin trust init` and `antin trust publish`.')
  else if (now - last.iat > day) {
    add('trust-list', last.iat + 7 * day - now, `The trust list was signed ${Math.floor((now - last.iat) / 3600)} hours ago`, publishAgain)
  }
  const root = await readRoot(db)
  const rootEnds = root ? rootPayloadOf(root.body).payload.exp - now : Number.POSITIVE_INFINITY
  if (rootEnds < 90 * day)
    add('root', rootEnds, `The root expires in ${Math.floor(rootEnds / day)} days`, 'Run `antin trust rotate`, then publish.')

  const keys = (await readKeys(db)).filter(key => key.retiredAt === null && key.compromise === null)
  for (const group of Map.groupBy(keys, key => `${key.agency} ${key.use}`).values()) addKeyFinding(group, now, add)

  const stale = await readStaleLists(db, now - 900)
  if (stale.length > 0)
    add(
      'status-lists',
      0,
      `Not signed for 15 minutes: ${stale.slice(0, 5).join(', ')}`,
      'See that `antin work` runs and that the agency has a status key.',
    )
  return findings.sort((a, b) => a.amberInSeconds - b.amberInSeconds)
}

/** The keys of one agency and use: a gap is coming when the last of them ends within 30 days, and a key that was never published helps nobody. */
function addKeyFinding(
  group: readonly KeyRow[],
  now: number,
  add: (name: 'keys', amberInSeconds: number, detail: string, mend: string) => void,
): void {
  const { agency, use } = group[0]!
  const served = group.filter(key => key.servedAt !== null)
  const ends = Math.max(...served.map(key => key.notAfter)) - now
  if (served.length > 0 && ends < 30 * day) {
    add(
      'keys',
      ends,
      `The last ${use} key of ${agency} ends in ${Math.max(0, Math.floor(ends / day))} days`,
      `Run \`antin keys create --agency ${agency} --use ${use}\`, then publish.`,
    )
  }
  const waiting = group.length - served.length
  if (waiting > 0) add('keys', 7 * day, `${waiting} ${use} key(s) of ${agency} wait to be published`, publishAgain)
}
