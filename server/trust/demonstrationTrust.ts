import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { readAgencies } from '../agencies/agenciesTable.ts'
import { createKey, importPkcs12Key } from '../keys/createKey.ts'
import { openStateCa } from '../keys/demonstrationStateCa.ts'
import { endorseKey } from '../keys/endorseKey.ts'
import type { KeyStore } from '../keys/keyStore.ts'
import { type KeyRow, readKeys } from '../keys/keysTable.ts'
import { pkcs12Signer } from '../keys/pkcs12.ts'
import { type KeyUse, keyUses } from '../keys/signer.ts'
import { exists, writeDurably } from '../keys/writeDurably.ts'
import { isTrustFresh, publishTrust } from './publishTrust.ts'
import type { TrustNetwork } from './trustNetworkTable.ts'
import { createTrustOffice, type Officer, openTrustOffice } from './trustOffice.ts'

export interface DemonstrationTrustDeps {
  pool: pg.Pool
  store: KeyStore
  /** ANTIN_HOME: the office goes below `trust-office`, the state authority that stands for the real one below `demonstration`. */
  home: string
  /** Origin of PUBLIC_URL. */
  publicUrl: string
  network: () => TrustNetwork | Promise<TrustNetwork>
  /** Seconds. */
  clock: () => number
  /** The agencies that get keys of their own, and for what (all uses when left out). They exist already. */
  agencies: readonly { code: AgencyCode; uses?: readonly KeyUse[] }[]
}

const yearSeconds = 365.25 * 86_400
const actor = { sub: 'system:demonstration', name: 'Chạy thử' }

/**
 * What two people do in a real installation, done by the demonstration itself, as often as it starts: a trust office (root of three keys, two
 * of them needed), a card, diploma, status and document key for each agency that lacks one, endorsements by a state certificate, and a
 * publication when anything changed or the last one is 12 h old. Answers the pin of the root and what is published.
 */
export async function createDemonstrationTrust(deps: DemonstrationTrustDeps): Promise<{ pin: string; epoch: number; seq: number }> {
  const officers = await demonstrationOfficers(deps.home)
  const dir = join(deps.home, 'trust-office')
  if (!(await exists(join(dir, 'office.json')))) {
    await createTrustOffice(dir, officers, { threshold: 2, years: 10, at: deps.clock() }, 'MẪU: Ấn Tín, chứng thực cơ quan')
  }
  await createMissingKeys(deps)
  const office = await openTrustOffice(dir, officers.slice(0, 2))
  return { pin: office.pin, ...(await publishTrust({ ...deps, office }, { unlessFresh: true })) }
}

/** Publishes the demonstration's trust again where something changed or 12 h have passed; cheap otherwise, so a timer may ask every few seconds. */
export async function republishDemonstrationTrust(deps: Omit<DemonstrationTrustDeps, 'store' | 'agencies'>): Promise<void> {
  if (await isTrustFresh(deps)) return
  const office = await openTrustOffice(join(deps.home, 'trust-office'), (await demonstrationOfficers(deps.home)).slice(0, 2))
  await publishTrust({ ...deps, office }, { unlessFresh: true })
}

/** The three officers of the demonstration; only here are their passphrases kept in one place. */
async function demonstrationOfficers(home: string): Promise<Officer[]> {
  const file = join(home, 'demonstration', 'trust-officers.json')
  if (!(await exists(file))) {
    const officers = ['an', 'binh', 'chi'].map(name => ({ name, passphrase: randomBytes(18).toString('base64url') }))
    await writeDurably(file, JSON.stringify(officers))
  }
  return JSON.parse(await readFile(file, 'utf8')) as Officer[]
}

async function createMissingKeys(deps: DemonstrationTrustDeps): Promise<void> {
  const now = deps.clock()
  const usable = (await readKeys(deps.pool)).filter(
    key => key.retiredAt === null && key.compromise === null && key.notAfter > now + yearSeconds / 12,
  )
  const names = new Map((await readAgencies(deps.pool)).map(agency => [agency.code, agency.nameVi]))
  for (const { code, uses = keyUses } of deps.agencies) {
    const missing = uses.filter(use => !usable.some(key => key.agency === code && key.use === use))
    if (missing.length === 0) continue
    // Only an agency with a document key has a state certificate, which endorses its other keys too.
    const certificate = uses.includes('document') ? await stateCertificate(deps.home, code, names.get(code) ?? code) : null
    const made: KeyRow[] = []
    for (const use of missing) {
      if (use !== 'document') made.push(await createKey(deps, { agency: code, use, notAfter: Math.floor(now + 5 * yearSeconds) }, actor))
      else if (certificate) await importPkcs12Key(deps, { agency: code, use, ...certificate }, actor)
    }
    if (!certificate) continue
    const endorser = pkcs12Signer(certificate.file, certificate.passphrase, 'endorsement')
    for (const key of made) await endorseKey(deps, key.kid, endorser, actor)
  }
}

/** The agency's state certificate as PKCS#12, made the first time. */
async function stateCertificate(home: string, code: AgencyCode, organisation: string): Promise<{ file: Buffer; passphrase: string }> {
  const dir = join(home, 'demonstration')
  const passphrase = 'mau'
  const path = join(dir, `state-${code}.p12`)
  if (!(await exists(path))) await writeDurably(path, await (await openStateCa(dir, passphrase)).issue(organisation, passphrase))
  return { file: await readFile(path), passphrase }
}
