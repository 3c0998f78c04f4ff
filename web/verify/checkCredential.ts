import { type LiveCard, liveFailure, parseLive } from '../../core/credential/live.ts'
import { readSealed } from '../../core/credential/sealed.ts'
import { decodeBase64url } from '../../core/encoding/base64url.ts'
import { equalBytes, toHex } from '../../core/encoding/bytes.ts'
import { findKey } from '../../core/trust/trustList.ts'
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

/** What became of a live card's proof; `age` in seconds. */
export type LiveState = { readonly kind: 'live'; readonly age: number } | { readonly kind: 'stale' | 'wrong' | 'unbound' | 'unknown' }

export interface Checked {
  readonly report: Report
  readonly offline: boolean
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
  const photoComing = fetchPhoto(input.sealed)
  const settings = { trustRoot, policy: 'standard' as const, now, cache }
  const evidence = await gatherEvidence(input, source, settings, browserCrypto)
  const first = await verifyCredential({ sealed: input.sealed, document: input.document }, evidence, 'standard', now, browserCrypto)
  const live = input.live && first.verdict === 'valid' ? await judgeLive(input.live, evidence, facts) : undefined
  const offline = source.offline()
  if (first.verdict !== 'valid' || first.credential?.kind !== 'card' || first.credential.photo === undefined) {
    return { report: first, offline, photo: null, live }
  }
  onReport({ report: first, offline, photo: null, live })
  const photo = await photoComing
  if (!photo) return { report: first, offline, photo: null, live }
  const report = await verifyCredential({ ...input, photo }, evidence, 'standard', now, browserCrypto)
  return { report, offline, photo, live }
}

/** The JPEG that a card names by field 6, or null. Begun before the verdict, so that it does not wait for it. */
async function fetchPhoto(sealed: Uint8Array): Promise<Uint8Array | null> {
  let digest: Uint8Array | undefined
  try {
    const credential = readSealed(sealed)
    digest = credential.kind === 'card' ? credential.claims.card.photo : undefined
  } catch {
    return null
  }
  if (!digest) return null
  const answer = await fetchBytes(`/photos/${toHex(digest)}`, { maxLength: maxPhoto, fresh: false, timeout: 8000 })
  return answer.kind === 'found' ? answer.bytes : null
}

async function judgeLive(bytes: Uint8Array, evidence: Evidence, { host, now }: { host: string; now: number }): Promise<LiveState> {
  let live: LiveCard
  try {
    live = parseLive(bytes)
  } catch {
    return { kind: 'wrong' }
  }
  const slice = evidence.trust.value
  const key = slice && findKey(slice, live.binding.kid)
  if (!slice || key?.jwk.kty !== 'EC' || key.use !== 'card' || key.compromise) return { kind: 'unknown' }
  // Only a key that may sign this card may say who holds it.
  const cardKey = findKey(slice, live.sealed.kid)
  if (!cardKey || cardKey.agency.code !== key.agency.code) return { kind: 'wrong' }
  const failure = await liveFailure(live, { key: key.jwk, host, now, crypto: browserCrypto })
  if (failure === 'time') return { kind: 'stale' }
  if (failure !== undefined) return { kind: failure === 'binding.expired' ? 'unbound' : 'wrong' }
  if (await isUnbound(live)) return { kind: 'unbound' }
  return { kind: 'live', age: Math.max(0, now - live.time) }
}

/** Whether the holder or HR took the binding back; silence of the server is no answer, the binding itself is short-lived. */
async function isUnbound(live: LiveCard): Promise<boolean> {
  const thumbprint = await browserCrypto.sha256(
    new TextEncoder().encode(JSON.stringify({ crv: 'P-256', kty: 'EC', x: live.binding.holderKey.x, y: live.binding.holderKey.y })),
  )
  const answer = await fetchBytes(`/live-bindings/${toHex(thumbprint)}`, { maxLength: 1000, fresh: true, timeout: 3000 })
  return answer.kind === 'absent'
}

/** Whether two byte strings are the same card; a scanner that sees one code many times asks. */
export function isSame(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && equalBytes(a, b)
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
