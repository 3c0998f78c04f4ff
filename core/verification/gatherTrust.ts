import { fromUtf8 } from '../encoding/bytes.ts'
import { AppError } from '../errors.ts'
import { claimedEpoch, maxRootEpochs, openRoots, type TrustRoot } from '../trust/rootDocument.ts'
import { maxIndexLength, openTrustIndex, type TrustIndex } from '../trust/trustIndex.ts'
import type { TrustSlice } from '../trust/trustList.ts'
import { maxSliceLength, openTrustSlice } from '../trust/trustSlice.ts'
import { type CheckCode, isCheckCode } from './checkCode.ts'
import { type Found, type Missing, missing, type Piece } from './evidence.ts'
import { fetchEvidence } from './fetchEvidence.ts'
import type { Gathering } from './gatherEvidence.ts'

const wellKnown = '/.well-known/antin'
/** Public paths below a verifier's base (formats 4). */
export const rootPath = `${wellKnown}/root`
export const indexPath = `${wellKnown}/trust-list`

/** The path of one agency's slice; `code` is a level-1 agency's. */
export function slicePath(code: string): string {
  return `${wellKnown}/trust/${code}`
}

/** The newest root, verified from the pinned epoch 1 on (formats 4). */
export async function gatherRoot(gathering: Gathering): Promise<Piece<TrustRoot>> {
  const { ports, cache, trustRoot, crypto } = gathering
  const newest = await fetchEvidence(ports, rootPath, maxSliceLength)
  if (newest.kind !== 'found') return missing('issuer.root-missing', reason(newest))
  // The chain below a verified newest root cannot be another one.
  const opened = cache.open(rootPath, newest.bytes, trustRoot, async () => {
    const text = fromUtf8(newest.bytes)
    const epoch = claimedEpoch(text)
    if (epoch < 1 || epoch > maxRootEpochs) throw new AppError('trust.root-malformed')
    const earlier = await Promise.all(
      Array.from({ length: epoch - 1 }, (_, i) => fetchEvidence(ports, `${rootPath}/${i + 1}`, maxSliceLength)),
    )
    const gap = earlier.findIndex(answer => answer.kind !== 'found')
    if (gap >= 0) return gap + 1
    return openRoots([...earlier.map(answer => fromUtf8((answer as { bytes: Uint8Array }).bytes)), text], trustRoot, crypto)
  })
  const root = await settle(opened)
  if (typeof root === 'number') {
    cache.forget(rootPath)
    return missing('issuer.root-missing', `root/${root}`)
  }
  if ('code' in root) return root
  if (!(await accept(gathering, 'root', [root.epoch]))) return missing('issuer.root-older', String(root.epoch))
  return { value: root, online: newest.online }
}

/** The trust slice of an agency, verified. `fresh` asks for more than a kept copy. */
export async function gatherSlice(code: string, root: Piece<TrustRoot>, gathering: Gathering, fresh: boolean): Promise<Piece<TrustSlice>> {
  return gatherList(slicePath(code), maxSliceLength, openTrustSlice, root, gathering, fresh)
}

/** The trust index, verified. */
export async function gatherIndex(root: Piece<TrustRoot>, gathering: Gathering): Promise<Piece<TrustIndex>> {
  return gatherList(indexPath, maxIndexLength, openTrustIndex, root, gathering, false)
}

async function gatherList<T extends { epoch: number; seq: number }>(
  path: string,
  maxLength: number,
  open: (text: string, root: TrustRoot, crypto: Gathering['crypto']) => Promise<T>,
  root: Piece<TrustRoot>,
  gathering: Gathering,
  fresh: boolean,
): Promise<Piece<T>> {
  if (root.value === undefined) return root
  const { ports, cache, crypto } = gathering
  const answer = await fetchEvidence(ports, path, maxLength, fresh)
  if (answer.kind !== 'found') return missing(answer.kind === 'absent' ? 'issuer.trust-not-found' : 'issuer.trust-missing', reason(answer))
  const trusted = root.value
  const list = await settle(cache.open(path, answer.bytes, trusted, async () => open(fromUtf8(answer.bytes), trusted, crypto)))
  if ('code' in list) {
    // Signed by an older epoch's key, or a copy from before a rotation: perhaps only the copy is old.
    return fresh || answer.online ? list : gatherList(path, maxLength, open, root, gathering, true)
  }
  if (!(await accept(gathering, path, [list.epoch, list.seq]))) {
    // Caches on the way may differ in age.
    if (!fresh) return gatherList(path, maxLength, open, root, gathering, true)
    return missing('issuer.trust-older', `${list.epoch}, ${list.seq}`)
  }
  return { value: list, online: answer.online } satisfies Found<T>
}

/** False when the mark for this is already higher. A store that fails is no evidence against anybody. */
export async function accept({ ports, trustRoot }: Gathering, key: string, mark: readonly number[]): Promise<boolean> {
  try {
    return (await ports.marks?.accept(`${trustRoot} ${key}`, mark)) ?? true
  } catch {
    return true
  }
}

/** The value, or the piece that says why it could not be opened. */
async function settle<T extends object | number>(opened: Promise<T>): Promise<T | Missing> {
  try {
    return await opened
  } catch (error) {
    return missing(trustCode(error), error instanceof AppError ? error.detail : '')
  }
}

/** The check code of what opening a root or list throws: `trust.root-threshold` is `issuer.root-threshold`, `trust.epoch` `issuer.trust-epoch`. */
function trustCode(error: unknown): CheckCode {
  const name = error instanceof AppError && error.code.startsWith('trust.') ? error.code.slice('trust.'.length) : 'malformed'
  const code = name.startsWith('root-') ? `issuer.${name}` : `issuer.trust-${name}`
  return isCheckCode(code) ? code : 'issuer.trust-malformed'
}

function reason(answer: { readonly kind: string; readonly detail?: string | undefined }): string {
  return answer.detail ?? answer.kind
}
