import { readSealed, type SealedCredential } from '../../core/credential/sealed.ts'
import { decodeBase64url } from '../../core/encoding/base64url.ts'
import { toHex } from '../../core/encoding/bytes.ts'
import { judgeLive, type LiveJudgement, liveThumbprint } from '../../core/live/judgeLive.ts'
import type { DocumentInput, Evidence } from '../../core/verification/evidence.ts'
import { gatherEvidence } from '../../core/verification/gatherEvidence.ts'
import { OpenedCache } from '../../core/verification/openedCache.ts'
import type { Report } from '../../core/verification/report.ts'
import { verifyCredential } from '../../core/verification/verifyCredential.ts'
import { browserCrypto } from '../evidence/browserCrypto.ts'
import { type BrowserPorts, createBrowserPorts } from '../evidence/browserPorts.ts'
import { fetchBytes } from '../evidence/fetchBytes.ts'

const maxPhoto = 64 * 1024
const cache = new OpenedCache()
let ports: Promise<BrowserPorts> | undefined

export type LiveState = LiveJudgement

export interface Checked {
  readonly report: Report
  readonly offline: boolean
  /** What the credential claims to be, whatever the report says of it; undefined when it cannot be read. */
  readonly claimedKind?: 'card' | 'diploma' | undefined
  /** The JPEG that the card names, once it was had. */
  readonly photo: Uint8Array | null
  readonly live?: LiveState | undefined
}

export interface CheckInput {
  readonly sealed: Uint8Array
  readonly live?: Uint8Array | undefined
  readonly document?: DocumentInput | undefined
}

/**
 * Checks a credential in this browser: evidence from our public files, judged by `core`. `onReport` is called as soon as there is
 * a report, before the photo came; the promise is settled with photo. `now` in seconds.
 */
export async function checkCredential(
  input: CheckInput,
  facts: { trustRoot: string; host: string; now: number },
  onReport: (checked: Checked) => void,
): Promise<Checked> {
  ports ??= createBrowserPorts()
  const source = await ports
  source.restart()
  const { trustRoot, now } = facts
  const claimed = claimedOf(input.sealed)
  const claimedKind = claimed?.kind
  const photoComing = claimed?.kind === 'card' && claimed.claims.card.photo ? fetchPhoto(claimed.claims.card.photo) : null
  const settings = { trustRoot, policy: 'standard' as const, now, cache }
  const evidence = await gatherEvidence(input, source, settings, browserCrypto)
  const first = await verifyCredential({ sealed: input.sealed, document: input.document }, evidence, 'standard', now, browserCrypto)
  const live = input.live && first.verdict === 'valid' ? await liveState(input.live, evidence, facts) : undefined
  // A copy within its time to live is as good as online, but the reader is told all the same.
  const offline = source.offline() || navigator.onLine === false
  if (first.verdict !== 'valid' || first.credential?.kind !== 'card' || first.credential.photo === undefined) {
    return { report: first, offline, claimedKind, photo: null, live }
  }
  onReport({ report: first, offline, photo: null, live })
  const photo = await photoComing
  if (!photo) return { report: first, offline, photo: null, live }
  const report = await verifyCredential({ ...input, photo }, evidence, 'standard', now, browserCrypto)
  return { report, offline, photo, live }
}

/** Lets the next check ask for all evidence again. */
export async function forgetEvidence(): Promise<void> {
  ;(await ports)?.forget()
}

function claimedOf(sealed: Uint8Array): SealedCredential | undefined {
  try {
    return readSealed(sealed)
  } catch {
    return undefined
  }
}

/** The JPEG that a card names by field 6, or null. Begun before the verdict, so that it does not wait for it. */
async function fetchPhoto(digest: Uint8Array): Promise<Uint8Array | null> {
  const answer = await fetchBytes(`/photos/${toHex(digest)}`, { maxLength: maxPhoto, fresh: false, timeout: 8000 })
  return answer.kind === 'found' ? answer.bytes : null
}

/** The live proof judged by `core`, then whether the holder or HR took the binding back; silence of the server is no answer to that. */
async function liveState(bytes: Uint8Array, evidence: Evidence, { host, now }: { host: string; now: number }): Promise<LiveState> {
  const judged = await judgeLive({ bytes, slice: evidence.trust.value, host, now }, browserCrypto)
  if (judged.kind !== 'live') return judged
  const thumbprint = await liveThumbprint(bytes, browserCrypto)
  const answer = await fetchBytes(`/live-bindings/${toHex(thumbprint!)}`, { maxLength: 1000, fresh: true, timeout: 3000 })
  return answer.kind === 'absent' ? { kind: 'ended' } : judged
}

/** The report that the server computes, for browsers that hide their cryptography. */
export async function askServer(body: Record<string, unknown>): Promise<Report | null> {
  try {
    const response = await fetch('/api/verifications', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return response.ok ? ((await response.json()) as Report) : null
  } catch {
    return null
  }
}

/** The sealed card of a short QR's token: its bytes, null when no valid card has it, or 'unreachable'. */
export async function resolveToken(token: string): Promise<Uint8Array | null | 'unreachable'> {
  try {
    const response = await fetch('/api/tokens', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    })
    if (response.status === 404) return null
    if (!response.ok) return 'unreachable'
    return decodeBase64url(((await response.json()) as { credential: string }).credential)
  } catch {
    return 'unreachable'
  }
}
