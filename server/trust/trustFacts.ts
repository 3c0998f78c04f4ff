import { encodeBase64url } from '../../core/encoding/base64url.ts'
import type { AgencyPayload, TrustKeyPayload } from '../../core/trust/trustSchema.ts'
import { type AgencyRow, readAgencies } from '../agencies/agenciesTable.ts'
import type { Db } from '../db/transaction.ts'
import { type KeyRow, readKeys } from '../keys/keysTable.ts'

/** What the trust list says of every agency now, in order of the codes. `publicUrl` is the origin of PUBLIC_URL. */
export async function readTrustFacts(db: Db, publicUrl: string): Promise<AgencyPayload[]> {
  const keys = Map.groupBy(await readKeys(db), key => key.agency)
  return (await readAgencies(db)).map(agency => ({
    ...agencyFacts(agency, publicUrl),
    keys: (keys.get(agency.code) ?? []).map(keyPayload),
  }))
}

/** What the trust list says of an agency, apart from its keys. */
export function agencyFacts(agency: AgencyRow, publicUrl: string): Omit<AgencyPayload, 'keys'> {
  return {
    code: agency.code,
    ...(agency.oldCode ? { oldCode: agency.oldCode } : {}),
    name: { vi: agency.nameVi, en: agency.nameEn || agency.nameVi },
    url: publicUrl,
    parents: agency.parents.map(({ code, from, to }) => ({ code, from: seconds(from), ...(to ? { to: seconds(to) } : {}) })),
    validFrom: seconds(agency.validFrom),
    ...(agency.validTo ? { validTo: seconds(agency.validTo) } : {}),
    ...(agency.successor ? { successor: { code: agency.successor.code, from: seconds(agency.successor.from) } } : {}),
    ...(agency.restricted ? { restricted: true } : {}),
    ...(agency.coverage.length > 0 ? { coverage: [...agency.coverage] } : {}),
  }
}

function keyPayload(key: KeyRow): TrustKeyPayload {
  return {
    kid: encodeBase64url(key.kid),
    jwk: key.jwk,
    use: key.use,
    notBefore: key.notBefore,
    notAfter: key.notAfter,
    ...(key.retiredAt === null ? {} : { retiredAt: key.retiredAt }),
    ...(key.compromise === null ? {} : { compromise: key.compromise }),
    ...(key.endorsement === null ? {} : { endorsement: encodeBase64url(key.endorsement) }),
    ...(key.use === 'document' && key.x5c.length > 0 ? { x5c: key.x5c } : {}),
  }
}

/**
 * The agencies of the slice of `code`: itself and, closed under both, every parent at any time and every successor (formats 4); itself first,
 * then as they are reached.
 */
export function sliceOf(agencies: ReadonlyMap<string, AgencyPayload>, code: string): AgencyPayload[] {
  const reached = new Set([code])
  const slice: AgencyPayload[] = []
  for (const next of reached) {
    const agency = agencies.get(next)
    if (!agency) continue
    slice.push(agency)
    for (const parent of agency.parents) reached.add(parent.code)
    if (agency.successor) reached.add(agency.successor.code)
  }
  return slice
}

function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}
