import { canonicalJson } from '../../core/encoding/canonicalJson.ts'
import { parseCompactJws } from '../../core/trust/jws.ts'
import { trustListType } from '../../core/trust/signTrust.ts'
import { type AgencyPayload, trustIndexPayload, trustSlicePayload } from '../../core/trust/trustSchema.ts'
import type { Db } from '../db/transaction.ts'
import type { TrustFacts } from './publishTrust.ts'
import { readDocument, readSlices } from './trustTable.ts'

/** One difference between what is published and what would be: what it is about, and how it would change. */
export interface TrustChange {
  what: 'agency' | 'key' | 'log' | 'anchor' | 'witness' | 'quorum'
  how: 'new' | 'changed' | 'gone'
  /** Code, kid, origin, address or vkey, and what two people need to know of it. */
  name: string
}

/** What is published now; nothing before the first publication. */
export async function readPublishedFacts(db: Db): Promise<TrustFacts> {
  const agencies = new Map<string, AgencyPayload>()
  for (const { body } of await readSlices(db)) {
    for (const agency of trustSlicePayload.parse(payloadOf(body)).agencies) agencies.set(agency.code, agency)
  }
  const index = await readDocument(db, 'trust-list')
  const network = index ? trustIndexPayload.parse(payloadOf(index.body)) : { logs: [], anchors: [], witnesses: [], quorum: 0 }
  const { logs, anchors, witnesses, quorum } = network
  return { agencies: [...agencies.values()], network: { logs, anchors, witnesses, quorum } }
}

/** What two people are shown before they sign. Keys are listed one by one, apart from the rest of their agency. */
export function trustChanges(before: TrustFacts, after: TrustFacts): TrustChange[] {
  const keysOf = (facts: TrustFacts) => facts.agencies.flatMap(agency => agency.keys.map(key => ({ ...key, agency: agency.code })))
  const bare = (facts: TrustFacts) => facts.agencies.map(({ keys: _, ...agency }) => agency)
  return [
    ...compare(
      'agency',
      bare(before),
      bare(after),
      agency => agency.code,
      agency => `${agency.code} ${agency.name.vi}`,
    ),
    ...compare('key', keysOf(before), keysOf(after), key => key.kid, describeKey),
    ...compare(
      'log',
      before.network.logs,
      after.network.logs,
      log => log.vkey,
      log => `${log.origin} ${log.vkey}`,
    ),
    ...compare(
      'anchor',
      before.network.anchors,
      after.network.anchors,
      anchor => `${anchor.chainId} ${anchor.address}`,
      anchor => `${anchor.address} (chain ${anchor.chainId})`,
    ),
    ...compare('witness', before.network.witnesses, after.network.witnesses, String, String),
    ...compare('quorum', [before.network.quorum], [after.network.quorum], () => 'quorum', String),
  ]
}

function compare<T>(
  what: TrustChange['what'],
  before: readonly T[],
  after: readonly T[],
  idOf: (value: T) => string,
  nameOf: (value: T) => string,
): TrustChange[] {
  const old = new Map(before.map(value => [idOf(value), value]))
  const changes: TrustChange[] = []
  for (const value of after) {
    const id = idOf(value)
    const known = old.get(id)
    if (known === undefined) changes.push({ what, how: 'new', name: nameOf(value) })
    else if (canonicalJson(known) !== canonicalJson(value)) changes.push({ what, how: 'changed', name: nameOf(value) })
    old.delete(id)
  }
  for (const value of old.values()) changes.push({ what, how: 'gone', name: nameOf(value) })
  return changes
}

function describeKey(key: AgencyPayload['keys'][number] & { agency: string }): string {
  const state = key.compromise
    ? ', compromised'
    : key.retiredAt === undefined
      ? ''
      : `, retired at ${new Date(key.retiredAt * 1000).toISOString()}`
  return `${key.kid} of ${key.agency} for ${key.use}${state}`
}

function payloadOf(token: string): unknown {
  return JSON.parse(Buffer.from(parseCompactJws(token, trustListType).payload).toString('utf8'))
}
