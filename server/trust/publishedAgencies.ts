import { canonicalJson } from '../../core/encoding/canonicalJson.ts'
import { parseCompactJws } from '../../core/trust/jws.ts'
import { trustListType } from '../../core/trust/signTrust.ts'
import { trustSlicePayload } from '../../core/trust/trustSchema.ts'
import type { AgencyRow } from '../agencies/agenciesTable.ts'
import type { Db } from '../db/transaction.ts'
import { agencyFacts } from './trustFacts.ts'
import { readDocuments } from './trustTable.ts'

/** The codes of those agencies of which their published trust slice says, apart from keys, what is so now. */
export async function publishedAgencies(db: Db, publicUrl: string, agencies: readonly AgencyRow[]): Promise<Set<string>> {
  const documents = await readDocuments(
    db,
    agencies.map(({ code }) => `trust/${code}`),
  )
  const bodies = new Map(documents.map(({ path, body }) => [path, body]))
  return new Set(agencies.filter(agency => says(bodies.get(`trust/${agency.code}`), agency, publicUrl)).map(({ code }) => code))
}

function says(slice: string | undefined, agency: AgencyRow, publicUrl: string): boolean {
  if (slice === undefined) return false
  const { payload } = parseCompactJws(slice, trustListType)
  const { agencies } = trustSlicePayload.parse(JSON.parse(Buffer.from(payload).toString('utf8')))
  const published = agencies.find(one => one.code === agency.code)
  if (!published) return false
  const { keys: _, ...facts } = published
  return canonicalJson(facts) === canonicalJson(agencyFacts(agency, publicUrl))
}
