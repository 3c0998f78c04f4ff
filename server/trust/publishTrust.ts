import { hash } from 'node:crypto'
import type pg from 'pg'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { canonicalJson } from '../../core/encoding/canonicalJson.ts'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { issuerUrl } from '../../core/sd-jwt/credentialTypes.ts'
import { type Es256Signer, parseCompactJws } from '../../core/trust/jws.ts'
import { signTrustIndex, signTrustSlice, trustListType } from '../../core/trust/signTrust.ts'
import type { AgencyPayload, TrustSlicePayload } from '../../core/trust/trustSchema.ts'
import { noteRestrictedServed } from '../agencies/agenciesTable.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import { readKeys, updateCertificates, updateServed } from '../keys/keysTable.ts'
import { appendEntries } from '../log/appendEntries.ts'
import { readTrustFacts, sliceOf } from './trustFacts.ts'
import type { TrustNetwork } from './trustNetworkTable.ts'
import { rootPayloadOf, type TrustOffice, trustSigner } from './trustOffice.ts'
import {
  insertPublication,
  insertRoots,
  lockPublications,
  type Publication,
  readLastPublication,
  readRoot,
  replaceDocuments,
  type TrustDocument,
} from './trustTable.ts'

export type { TrustNetwork }

/** All that a publication says, apart from times and numbers. */
export interface TrustFacts {
  agencies: AgencyPayload[]
  network: TrustNetwork
}

export interface PublishTrustDeps {
  pool: pg.Pool
  office: TrustOffice
  /** Origin of PUBLIC_URL. */
  publicUrl: string
  network: () => TrustNetwork | Promise<TrustNetwork>
  /** Seconds. */
  clock: () => number
}

/** Seconds from `iat` to `exp`, and after which everything is signed anew (formats 4). */
export const trustLifetime = 7 * 86_400
export const signTrustAfter = 12 * 3600

/**
 * Signs the index and every slice under the next seq and puts them in place of those before, with the root documents they rest on, in one
 * transaction with the `trust.published` entry. Agency keys without a certificate get theirs; keys named for the first time, and agencies called
 * restricted for the first time, are marked as served from now on. `facts` are what two people agreed to, else all that is so now. With `unlessFresh` nothing is signed when nothing
 * changed and the last publication is under 12 h old.
 */
export async function publishTrust(
  deps: PublishTrustDeps,
  { facts: agreed, unlessFresh = false }: { facts?: TrustFacts; unlessFresh?: boolean } = {},
): Promise<{ epoch: number; seq: number }> {
  const { pool, office } = deps
  const network = agreed?.network ?? (await deps.network())
  return inTransaction(pool, async tx => {
    await lockPublications(tx)
    // Signing tens of thousands of slices takes a while between two statements.
    await tx.query('set local idle_in_transaction_session_timeout = 0')
    const facts = { agencies: agreed?.agencies ?? (await readTrustFacts(tx, deps.publicUrl)), network }
    const last = await readLastPublication(tx)
    const iat = deps.clock()
    if (unlessFresh && last?.epoch === office.epoch && isFresh(last, facts, iat)) return { epoch: last.epoch, seq: last.seq }
    await assertMayFollow(tx, office, last)

    const kids = facts.agencies.flatMap(agency => agency.keys.map(key => key.kid))
    await certifyKeys(deps, tx, new Set(kids))
    const { epoch } = office
    const seq = Math.max(last?.seq ?? 0, office.last.seq) + 1
    await office.markUsed(epoch, seq)
    const { index, slices } = await signFacts(facts, { v: 1, epoch, seq, iat, exp: iat + trustLifetime }, trustSigner(office))
    const authority = { path: 'agency-ca', body: office.ca.certificate, digest: hash('sha256', office.ca.certificate, 'buffer') }
    await insertRoots(
      tx,
      office.roots.map((body, i) => ({ epoch: i + 1, body, digest: rootPayloadOf(body).digest })),
    )
    await replaceDocuments(tx, seq, iat, [...slices, index, authority])
    await updateServed(
      tx,
      kids.map(kid => Buffer.from(kid, 'base64url')),
      iat,
    )
    const restricted = facts.agencies.filter(agency => agency.restricted).map(agency => agency.code)
    await noteRestrictedServed(tx, restricted, iat)
    const [leaf] = await appendEntries(tx, [{ type: 'trust.published', epoch, seq, digest: encodeBase64url(index.digest) }])
    await insertPublication(tx, { epoch, seq, iat, digest: index.digest, facts: digestOf(facts) }, leaf!.leafIndex)
    const [first, second] = office.officers
    const actor = { sub: `trust-office:${first}+${second}`, name: `${first}, ${second}` }
    const detail = { epoch, seq, slices: slices.length }
    await recordAudit(tx, { actor, action: 'trust.published', detail, leafIndex: leaf!.leafIndex })
    return { epoch, seq }
  })
}

/** Whether what is published is what is so now, and was signed less than 12 h ago. Needs no office, so it may be asked often. */
export async function isTrustFresh(deps: Omit<PublishTrustDeps, 'office'>): Promise<boolean> {
  const facts = { agencies: await readTrustFacts(deps.pool, deps.publicUrl), network: await deps.network() }
  return isFresh(await readLastPublication(deps.pool), facts, deps.clock())
}

function isFresh(last: Publication | undefined, facts: TrustFacts, now: number): boolean {
  return last !== undefined && now - last.iat < signTrustAfter && last.facts.equals(digestOf(facts))
}

function digestOf(facts: TrustFacts): Buffer {
  return hash('sha256', canonicalJson(facts), 'buffer')
}

async function signFacts({ agencies, network }: TrustFacts, head: Omit<TrustSlicePayload, 'agencies'>, signer: Es256Signer) {
  const byCode = new Map(agencies.map(agency => [agency.code, agency]))
  const slices: TrustDocument[] = []
  for (const { code } of agencies) {
    slices.push(documentOf(`trust/${code}`, await signTrustSlice({ ...head, agencies: sliceOf(byCode, code) }, signer)))
  }
  const digests = Object.fromEntries(agencies.map(({ code }, i) => [code, encodeBase64url(slices[i]!.digest)]))
  return { slices, index: documentOf('trust-list', await signTrustIndex({ ...head, slices: digests, ...network }, signer)) }
}

/** An older epoch goes backwards; another office's root would be refused by everyone who pinned the one that is served. */
async function assertMayFollow(tx: Tx, { epoch, roots }: TrustOffice, last: Publication | undefined): Promise<void> {
  if (last && last.epoch > epoch) throw new AppError('trust.office', 'The office is of an older epoch than what was published')
  for (const [i, body] of roots.entries()) {
    const served = await readRoot(tx, i + 1)
    if (served && !served.digest.equals(rootPayloadOf(body).digest)) {
      throw new AppError('trust.office', `Root epoch ${i + 1} of this office is not the one that is published here`)
    }
  }
}

/** Card and diploma keys without a certificate get one whose URI is the `iss` of their agency. */
async function certifyKeys({ office, publicUrl }: PublishTrustDeps, tx: Tx, kids: ReadonlySet<string>): Promise<void> {
  for (const { kid, jwk, agency, use, x5c, notBefore, notAfter } of await readKeys(tx)) {
    if ((use !== 'card' && use !== 'diploma') || x5c.length > 0 || jwk.kty !== 'EC' || !kids.has(encodeBase64url(kid))) continue
    const iss = issuerUrl(publicUrl, agency as AgencyCode)
    await updateCertificates(tx, kid, [await office.ca.certify({ jwk, iss, name: `${agency} ${use}`, notBefore, notAfter })])
  }
}

function documentOf(path: string, body: string): TrustDocument {
  return { path, body, digest: hash('sha256', parseCompactJws(body, trustListType).payload, 'buffer') }
}
