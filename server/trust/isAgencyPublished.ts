import { canonicalJson } from '../../core/encoding/canonicalJson.ts'
import { parseCompactJws } from '../../core/trust/jws.ts'
import { trustListType } from '../../core/trust/signTrust.ts'
import { trustSlicePayload } from '../../core/trust/trustSchema.ts'
import type { AgencyRow } from '../agencies/agenciesTable.ts'
import type { Db } from '../db/transaction.ts'
import { agencyFacts } from './trustFacts.ts'
import { readDocument } from './trustTable.ts'

/** Whether the published trust slice of an agency says of it, apart from its keys, what is so now. */
export async function isAgencyPublished(db: Db, publicUrl: string, agency: AgencyRow): Promise<boolean> {
  const document = await readDocument(db, `trust/${agency.code}`)
  if (!document) return false
  const { payload } = parseCompactJws(document.body, trustListType)
  const { agencies } = trustSlicePayload.parse(JSON.parse(Buffer.from(payload).toString('utf8')))
  const published = agencies.find(one => one.code === agency.code)
  if (!published) return false
  const { keys: _, ...facts } = published
  return canonicalJson(facts) === canonicalJson(agencyFacts(agency, publicUrl))
}
