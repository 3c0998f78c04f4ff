import { refOf } from '../credential/ref.ts'
import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { encodeBase64url } from '../encoding/base64url.ts'
import { maxStatusListLength } from '../status-list/statusListToken.ts'
import { maxIndexLength, type TrustIndex } from '../trust/trustIndex.ts'
import { findKey, type TrustKey, type TrustSlice } from '../trust/trustList.ts'
import { maxSliceLength } from '../trust/trustSlice.ts'
import { anchorQuestion } from './checkAnchor.ts'
import { issuingKey, sliceCodeOf } from './checkIssuer.ts'
import {
  type ChainEvidence,
  type Evidence,
  type EvidencePorts,
  missing,
  type Piece,
  type StatusList,
  type VerifyInput,
} from './evidence.ts'
import { fetchEvidence } from './fetchEvidence.ts'
import { type EntryName, gatherLog, maxReceiptLength, proofPath } from './gatherLog.ts'
import { gatherStatusList, statusListPath } from './gatherStatusList.ts'
import { gatherIndex, gatherRoot, gatherSlice, indexPath, rootPath, slicePath } from './gatherTrust.ts'
import { OpenedCache } from './openedCache.ts'
import { type PolicyName, requires } from './policy.ts'
import { type JudgedCredential, readCredential } from './readCredential.ts'
import { isOlderThan, isOlderThanDay, onlineAge } from './time.ts'

export interface GatherSettings {
  /** Lowercase hex SHA-256 of epoch 1's root payload; from configuration, never from a QR. */
  readonly trustRoot: string
  readonly policy: PolicyName
  /** Seconds. */
  readonly now: number
  /** Evidence opened for earlier credentials. */
  readonly cache?: OpenedCache | undefined
}

/** What each piece of evidence is gathered with. */
export interface Gathering extends Omit<GatherSettings, 'cache'> {
  readonly ports: EvidencePorts
  readonly cache: OpenedCache
  readonly crypto: CoreCrypto
}

const none = missing('issuer.trust-missing')

/** No evidence at all: what a verifier knows without ports. */
export const noEvidence: Evidence = {
  trust: none,
  index: none,
  statusList: missing('status.missing'),
  receipt: missing('log.missing'),
  compromiseProof: missing('log.missing'),
  chain: missing('anchor.no-node'),
}

/**
 * The evidence that a verification of this credential under this policy needs, fetched through the ports and opened. Only what is
 * needed is fetched: of a card under `standard` the root, one trust slice and one status list. Never throws: what cannot be had says why.
 */
export async function gatherEvidence(
  input: VerifyInput,
  ports: EvidencePorts,
  settings: GatherSettings,
  crypto: CoreCrypto,
): Promise<Evidence> {
  const { credential } = readCredential(input.sealed, undefined)
  if (!credential) return noEvidence
  return gatherFor(credential, { ref: encodeBase64url(await refOf(credential.claims.cti, crypto)) }, ports, settings, crypto)
}

/** The same for a credential that is read already, sealed or not; `entry` is what its entry in the log is found by. */
export async function gatherFor(
  credential: JudgedCredential,
  entry: EntryName,
  ports: EvidencePorts,
  settings: GatherSettings,
  crypto: CoreCrypto,
): Promise<Evidence> {
  const needsLog = credential.kind !== undefined && requires(settings.policy, credential.kind, 'log')
  const gathering: Gathering = {
    ...settings,
    cache: settings.cache ?? new OpenedCache(),
    ports: askedAhead(ports, pathsOf(credential, entry, needsLog)),
    crypto,
  }

  const root = await gatherRoot(gathering)
  const code = sliceCodeOf(credential)
  const [firstTrust, firstIndex] = await Promise.all([
    gatherSlice(code, root, gathering, false),
    needsLog ? gatherIndex(root, gathering) : none,
  ])
  let trust = firstTrust
  if (isWorthAsking(trust, credential, settings.now)) trust = newerOf(trust, await gatherSlice(code, root, gathering, true))
  // Only the index can say that there is no such agency.
  const index =
    trust.value === undefined && trust.code === 'issuer.trust-not-found' && !needsLog ? await gatherIndex(root, gathering) : firstIndex
  trust = refuseOtherThanIndexed(code, trust, index)

  const key = issuingKey(credential, { ...noEvidence, trust })
  const [statusList, log, compromiseProof] = await Promise.all([
    gatherStatus(credential, trust.value, key, gathering),
    needsLog ? gatherLog(entry, settings.policy === 'strict', gathering) : { receipt: noEvidence.receipt },
    key?.compromise ? gatherLog(entry, false, gathering, key.compromise.logSize) : { receipt: noEvidence.compromiseProof },
  ])
  const evidence: Evidence = { ...noEvidence, trust, index, statusList, ...log, compromiseProof: compromiseProof.receipt }
  return needsLog ? { ...evidence, chain: await gatherChain(evidence, ports) } : evidence
}

/** What will be asked for in any case, with the sizes allowed. */
function pathsOf(credential: JudgedCredential, entry: EntryName, needsLog: boolean): [path: string, maxLength: number][] {
  const { card, diploma } = credential.claims
  const list = (card ?? diploma)?.status.list
  return [
    [rootPath, maxSliceLength],
    [slicePath(sliceCodeOf(credential)), maxSliceLength],
    ...(list === undefined ? [] : [[statusListPath(list), maxStatusListLength] as [string, number]]),
    ...(needsLog
      ? ([
          [indexPath, maxIndexLength],
          [proofPath(entry), maxReceiptLength],
        ] as [string, number][])
      : []),
  ]
}

/** The ports with these files asked for at once: on a slow network one round trip in place of four. */
function askedAhead(ports: EvidencePorts, paths: readonly [path: string, maxLength: number][]): EvidencePorts {
  const asked = new Map(paths.map(([path, maxLength]) => [path, fetchEvidence(ports, path, maxLength)]))
  return { ...ports, fetchFile: (path, wish) => (wish.fresh ? undefined : asked.get(path)) ?? ports.fetchFile(path, wish) }
}

/** A kept slice that lacks the key may be older than the key. */
function isWorthAsking({ value: slice, ...found }: Piece<TrustSlice>, credential: JudgedCredential, now: number): boolean {
  if (!slice) return false
  const isCurrent = 'online' in found && found.online && !isOlderThanDay(slice.iat, now)
  return !isCurrent && (!findKey(slice, credential.kid) || now > slice.exp)
}

function newerOf(known: Piece<TrustSlice>, fetched: Piece<TrustSlice>): Piece<TrustSlice> {
  return fetched.value ? fetched : known
}

/** A slice that is not the one the index of the same publication names is refused (formats 4). */
function refuseOtherThanIndexed(code: string, trust: Piece<TrustSlice>, { value: index }: Piece<TrustIndex>): Piece<TrustSlice> {
  const slice = trust.value
  if (!slice || !index || slice.epoch !== index.epoch || slice.seq !== index.seq) return trust
  const named = index.slices.get(code)
  return named === undefined || named === slice.digest ? trust : missing('issuer.trust-digest', code)
}

async function gatherStatus(
  credential: JudgedCredential,
  slice: TrustSlice | undefined,
  key: TrustKey | undefined,
  gathering: Gathering,
): Promise<Piece<StatusList>> {
  const reference = credential.claims.card?.status ?? credential.claims.diploma?.status
  if (!reference) return missing('status.newer')
  if (!slice || !key) return missing('status.no-trust')
  const found = await gatherStatusList(reference.list, slice, key, gathering, false)
  const { now } = gathering
  const isEnough =
    found.value &&
    found.value.iat >= credential.claims.iat &&
    !(found.online && isOlderThan(found.value.iat, onlineAge, now)) &&
    now <= found.value.exp
  if (isEnough || (found.value === undefined && found.code === 'status.missing')) return found
  const fresh = await gatherStatusList(reference.list, slice, key, gathering, true)
  return fresh.value || !found.value ? fresh : found
}

async function gatherChain(
  { receipt: { value: receipt }, index: { value: index } }: Evidence,
  { chain }: EvidencePorts,
): Promise<Piece<ChainEvidence>> {
  if (!chain) return missing('anchor.no-node')
  const question = receipt && index && anchorQuestion(receipt, index)
  if (!question) return missing('anchor.no-log')
  const { treeSize } = question
  const contract = { chainId: question.contract.chainId, address: question.contract.address }
  try {
    return { value: { contract, treeSize, answer: await chain.readAnchor(contract, treeSize) }, online: true }
  } catch {
    return missing('anchor.silent')
  }
}
