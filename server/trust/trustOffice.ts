import { hash } from 'node:crypto'
import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { P256Jwk } from '../../core/crypto/coreCrypto.ts'
import { AppError } from '../../core/errors.ts'
import { type Es256Signer, parseGeneralJws } from '../../core/trust/jws.ts'
import { openRoots } from '../../core/trust/rootDocument.ts'
import { signRoot } from '../../core/trust/signTrust.ts'
import { type RootPayload, rootPayload } from '../../core/trust/trustSchema.ts'
import { type AgencyCa, createAgencyCa, openAgencyCa } from '../keys/agencyCa.ts'
import { copyKeyFile, createKeyFile, type KeyFile, loadKeyFile } from '../keys/fileSigner.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'

import type { JwkSigner } from '../keys/signer.ts'
import { exists, writeDurably } from '../keys/writeDurably.ts'

/**
 * The trust office is a folder of its own (ANTIN_HOME/trust-office) that `serve` and `work` never read, best on a machine of its own:
 *   office.json                 who the officers are, the newest epoch, the certificate of the agency authority; written last
 *   roots/N.json                root documents
 *   root-N-NAME.p8              an officer's root key, under that officer's passphrase
 *   trust-N-A+B.p8, ca-N-A+B.p8 the trust key and the authority's key, under the passphrases of two officers together
 *   published.json              the last (epoch, seq) that was signed
 */
export interface Officer {
  /** 1 to 32 of `a-z`, `0-9`, `-`. */
  readonly name: string
  readonly passphrase: string
}

/** An office that two officers have opened. */
export interface TrustOffice {
  /** All root documents, epoch 1 first. */
  readonly roots: readonly string[]
  /** Lowercase hex SHA-256 of epoch 1's payload: what verifiers pin. */
  readonly pin: string
  readonly epoch: number
  readonly trust: JwkSigner
  readonly ca: AgencyCa
  readonly officers: readonly [string, string]
  /** The last (epoch, seq) that was signed here; (0, 0) at first. */
  readonly last: { epoch: number; seq: number }
  /** Keeps (epoch, seq) as used before it is signed, so that a database put back from a backup cannot make it go backwards. */
  markUsed(epoch: number, seq: number): Promise<void>
}

const name = z.string().regex(/^[a-z0-9-]{1,32}$/)
const officeFile = z.object({ v: z.literal(1), epoch: z.int().min(1), officers: z.array(name).min(2), authority: z.string() })
const publishedFile = z.object({ epoch: z.int().min(0), seq: z.int().min(0) })

export interface RootTerms {
  /** Root keys that have to sign a root document together; at least 2. */
  threshold: number
  /** Years that the root document is valid. */
  years: number
  /** Seconds; now. */
  at: number
}

/** Makes an office: a root key an officer, a trust key and the agency authority for any two of them, and root epoch 1. Throws `trust.office` when there is one. */
export async function createTrustOffice(dir: string, officers: readonly Officer[], terms: RootTerms, authorityName: string): Promise<void> {
  assertOfficers(officers, terms)
  if (await exists(join(dir, 'office.json'))) throw new AppError('trust.office', 'There is a trust office already')
  const building = `${dir}.new`
  await rm(building, { recursive: true, force: true })
  await mkdir(join(building, 'roots'), { recursive: true, mode: 0o700 })
  const ca = await createAgencyCa(pairFiles(building, 'ca', 1, officers), authorityName, terms.at, 20)
  const { document } = await makeRoot(building, 1, officers, terms, [])
  await writeDurably(join(building, 'roots', '1.json'), document)
  await writeDurably(join(building, 'office.json'), officeJson(1, officers, ca.certificate))
  // The commit point: a folder that is not whole never has the office's name.
  await rename(building, dir)
}

/**
 * The next root epoch, with new root and trust keys for `officers`, signed by the threshold of the old epoch (`present`, which must be able to
 * open the authority too) and by all of the new. Publish at once afterwards. Throws `trust.office` for a wrong passphrase or too few people.
 */
export async function rotateRoot(dir: string, present: readonly Officer[], officers: readonly Officer[], terms: RootTerms): Promise<void> {
  assertOfficers(officers, terms)
  const office = await readOffice(dir)
  const known = present.filter(officer => office.officers.includes(officer.name))
  const old = await asOffice(async () => {
    const signers: JwkSigner[] = []
    for (const officer of known) signers.push(await loadKeyFile(rootFile(dir, office.epoch, officer), 'root'))
    return signers
  })
  const epoch = office.epoch + 1
  const [first, second] = known
  if (!first || !second || first.name === second.name) throw new AppError('trust.two-people')
  // What an interrupted rotation left behind was never signed for: it is made anew.
  for (const { file } of [
    ...officers.map(officer => rootFile(dir, epoch, officer)),
    ...['trust', 'ca'].flatMap(kind => pairFiles(dir, kind, epoch, officers)),
  ])
    await rm(file, { force: true })
  await asOffice(() => copyKeyFile(pairFile(dir, 'ca', office.epoch, first, second), pairFiles(dir, 'ca', epoch, officers)))
  const { document } = await makeRoot(dir, epoch, officers, terms, old)
  const roots = [...(await readRoots(dir, office.epoch)), document]
  await openRoots(roots, pinOf(roots), nodeCrypto)
  await writeDurably(join(dir, 'roots', `${epoch}.json`), document, { replace: true })
  // The commit point.
  await writeDurably(join(dir, 'office.json'), officeJson(epoch, officers, office.authority), { replace: true })
}

/** Opens the office with the passphrases of two different officers. Throws `trust.two-people`, `trust.office`. */
export async function openTrustOffice(dir: string, people: readonly Officer[]): Promise<TrustOffice> {
  const [first, second] = people
  if (!first || !second || people.length !== 2 || first.name === second.name) throw new AppError('trust.two-people')
  const { epoch, authority } = await readOffice(dir)
  const roots = await readRoots(dir, epoch)
  const publishedPath = join(dir, 'published.json')
  return asOffice(async () => {
    const trust = await loadKeyFile(pairFile(dir, 'trust', epoch, first, second), 'trust')
    const ca = await openAgencyCa(pairFile(dir, 'ca', epoch, first, second), authority)
    const pin = pinOf(roots)
    const root = await openRoots(roots, pin, nodeCrypto)
    if (!root.trustKeys.some(key => Buffer.from(trust.kid).equals(key.kid)))
      throw new AppError('trust.office', 'The trust key is not one of the newest root')
    const last = (await exists(publishedPath))
      ? publishedFile.parse(JSON.parse(await readFile(publishedPath, 'utf8')))
      : { epoch: 0, seq: 0 }
    const markUsed = (nextEpoch: number, seq: number) =>
      writeDurably(publishedPath, JSON.stringify({ epoch: nextEpoch, seq }), { replace: true })
    return { roots, pin, epoch, trust, ca, officers: [first.name, second.name], last, markUsed }
  })
}

/** The trust key as `core` signs with it. */
export function trustSigner(office: Pick<TrustOffice, 'trust'>): Es256Signer {
  return { kid: office.trust.kid, sign: bytes => office.trust.sign({ kind: 'trust-list', bytes }) }
}

/** The payload of a root document of ours, unverified. */
export function rootPayloadOf(document: string): { payload: RootPayload; digest: Buffer } {
  const bytes = parseGeneralJws(document).payload
  return { payload: rootPayload.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))), digest: hash('sha256', bytes, 'buffer') }
}

async function makeRoot(dir: string, epoch: number, officers: readonly Officer[], terms: RootTerms, old: readonly JwkSigner[]) {
  const own: JwkSigner[] = []
  for (const officer of officers) own.push(await createKeyFile(rootFile(dir, epoch, officer), 'root'))
  const trust = await createKeyFile(pairFiles(dir, 'trust', epoch, officers), 'trust')
  const payload: RootPayload = {
    v: 1,
    epoch,
    keys: own.map(({ jwk }) => jwk as P256Jwk),
    threshold: terms.threshold,
    trustKeys: [trust.jwk as P256Jwk],
    exp: Math.floor(terms.at + terms.years * 365.25 * 86_400),
  }
  const signers = [...old, ...own].map((signer): Es256Signer => ({ kid: signer.kid, sign: bytes => signer.sign({ kind: 'root', bytes }) }))
  return { document: await signRoot(payload, signers) }
}

function assertOfficers(officers: readonly Officer[], { threshold }: RootTerms): void {
  const names = new Set(officers.map(officer => name.parse(officer.name)))
  if (threshold < 2 || names.size !== officers.length || officers.length < threshold) {
    throw new AppError('trust.office', 'A root needs at least two officers, all different, and no fewer than its threshold')
  }
}

function rootFile(dir: string, epoch: number, officer: Officer): KeyFile {
  return { file: join(dir, `root-${epoch}-${officer.name}.p8`), passphrase: officer.passphrase }
}

function pairFiles(dir: string, kind: string, epoch: number, officers: readonly Officer[]): KeyFile[] {
  return officers.flatMap((a, i) => officers.slice(i + 1).map(b => pairFile(dir, kind, epoch, a, b)))
}

/** One file for two people: its passphrase is made of both, each with its length, so that neither can be guessed apart. */
function pairFile(dir: string, kind: string, epoch: number, a: Officer, b: Officer): KeyFile {
  const [first, second] = a.name < b.name ? [a, b] : [b, a]
  const passphrase = [first, second]
    .map(officer => `${officer.passphrase.normalize('NFC').length}:${officer.passphrase.normalize('NFC')}`)
    .join('')
  return { file: join(dir, `${kind}-${epoch}-${first.name}+${second.name}.p8`), passphrase }
}

function officeJson(epoch: number, officers: readonly Officer[], authority: string): string {
  return `${JSON.stringify({ v: 1, epoch, officers: officers.map(officer => officer.name), authority }, null, 2)}\n`
}

async function readOffice(dir: string): Promise<z.infer<typeof officeFile>> {
  return asOffice(async () => officeFile.parse(JSON.parse(await readFile(join(dir, 'office.json'), 'utf8'))))
}

async function readRoots(dir: string, epoch: number): Promise<string[]> {
  return asOffice(() => Promise.all(Array.from({ length: epoch }, (_, i) => readFile(join(dir, 'roots', `${i + 1}.json`), 'utf8'))))
}

function pinOf(roots: readonly string[]): string {
  return hash('sha256', parseGeneralJws(roots[0]!).payload, 'hex')
}

/** What is wrong with files and passphrases is `trust.office`. */
async function asOffice<T>(use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } catch (cause) {
    if (cause instanceof AppError && cause.code.startsWith('trust.')) throw cause
    throw new AppError('trust.office', undefined, { cause })
  }
}
