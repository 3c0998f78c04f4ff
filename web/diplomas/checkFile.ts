import { parseQrText } from '../../core/credential/qr.ts'
import { type DocumentCause, inspectDocument } from '../../core/document/inspectDocument.ts'
import type { Pixels } from '../../core/document/pixels.ts'
import { decodeBase64url, encodeBase64url } from '../../core/encoding/base64url.ts'
import { toHex } from '../../core/encoding/bytes.ts'
import type { DocumentInput } from '../../core/verification/evidence.ts'
import { outcomeOf, type ReportOutcome } from '../../core/verification/outcomeOf.ts'
import type { Report } from '../../core/verification/report.ts'
import { browserCrypto } from '../evidence/browserCrypto.ts'
import { patientFetch } from '../evidence/patientFetch.ts'
import { loadedPart } from '../platform/partMissing.ts'
import { getDecoder } from '../scan/decoder.ts'
import { readPicture } from '../scan/pictureFile.ts'
import { type Checked, checkCredential, resolveToken } from '../verify/checkCredential.ts'
import { verifySignature } from './verifySignature.ts'

/** What came of a file or typed number, in the words of the page. */
export type Outcome = ReportOutcome | 'partial' | 'corrected' | 'absent' | 'unreadable'

export interface FileOutcome {
  readonly outcome: Outcome
  readonly sha256: string
  readonly cause?: DocumentCause | 'too-large' | 'network' | 'insecure' | undefined
  readonly report?: Report | undefined
  readonly sealed?: Uint8Array | undefined
  /** How the diploma was found: by the file's digest, a seal or a QR code in it. */
  readonly by?: 'digest' | 'seal' | 'qr' | undefined
  readonly decision?: string | null | undefined
  /** The report on the diploma that took its place. */
  readonly successor?: Report | undefined
}

export const maxFile = 60 * 1024 * 1024

export interface CheckFacts {
  readonly trustRoot: string
  readonly host: string
  /** Told when the server lets this address wait for so many seconds. */
  readonly onWait: (seconds: number) => void
}

/** Checks one file in this browser; only its digest leaves it, and what a QR code in it names. Throws `PartMissing`. */
export async function checkFile(file: File, facts: CheckFacts): Promise<FileOutcome> {
  if (file.size > maxFile) return { outcome: 'unreadable', sha256: '', cause: 'too-large' }
  const bytes = new Uint8Array(await file.arrayBuffer())
  const found = await inspectDocument(bytes, { sha256: browserCrypto.sha256, verifySignature, readQrCodes })
  const sha256 = toHex(found.sha256)
  const document: DocumentInput = { sha256: found.sha256, signatures: found.signatures }
  const registered = await byDocument(sha256, facts.onWait)
  if (registered !== 'unreachable' && registered !== null) return judge(registered, document, facts, sha256, 'digest')
  if (found.sealed) return judge(found.sealed, document, facts, sha256, 'seal')
  const sealed = await fromQr(found.qrTexts)
  if (sealed === 'unreachable' || (sealed === null && registered === 'unreachable'))
    return { outcome: 'undetermined', sha256, cause: 'network' }
  if (sealed) return judge(sealed, document, facts, sha256, 'qr')
  return found.cause ? { outcome: 'unreadable', sha256, cause: found.cause } : { outcome: 'absent', sha256 }
}

async function judge(
  sealed: Uint8Array,
  document: DocumentInput | undefined,
  facts: CheckFacts,
  sha256: string,
  by: FileOutcome['by'],
): Promise<FileOutcome> {
  const now = Math.floor(Date.now() / 1000)
  const { report }: Checked = await checkCredential({ sealed, document }, { ...facts, now }, () => undefined)
  const outcome = outcomeOf(report)
  const common = { sha256, report, sealed, by }
  if (outcome !== 'revoked') return { ...common, outcome }
  const end = await endOf(sealed, facts.onWait)
  if (!end) return { ...common, outcome }
  const successor = end.successor
    ? (await checkCredential({ sealed: end.successor }, { ...facts, now }, () => undefined)).report
    : undefined
  return { ...common, outcome: end.endedAs === 'corrected' ? 'corrected' : 'revoked', decision: end.decision, successor }
}

async function byDocument(sha256: string, onWait: CheckFacts['onWait']): Promise<Uint8Array | null | 'unreachable'> {
  try {
    const response = await patientFetch(`/api/diplomas/by-document/${sha256}`, {}, onWait)
    if (response.status === 404) return null
    if (!response.ok) return 'unreachable'
    return decodeBase64url(((await response.json()) as { credential: string }).credential)
  } catch {
    return 'unreachable'
  }
}

async function fromQr(texts: readonly string[]): Promise<Uint8Array | null | 'unreachable'> {
  for (const scanned of texts) {
    try {
      const content = parseQrText(scanned)
      if (content.kind === 'sealed') return content.bytes
      if (content.kind === 'token') return await resolveToken(encodeBase64url(content.token))
    } catch {
      // not one of ours; another code may be
    }
  }
  return null
}

interface End {
  endedAs: string | null
  decision: string | null
  successor: Uint8Array | undefined
}

async function endOf(sealed: Uint8Array, onWait: CheckFacts['onWait']): Promise<End | null> {
  try {
    const body = JSON.stringify({ credential: encodeBase64url(sealed) })
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
    const response = await patientFetch('/api/diplomas/successor', init, onWait)
    if (!response.ok) return null
    const { endedAs, decision, successor } = (await response.json()) as {
      endedAs: string | null
      decision: string | null
      successor?: string
    }
    return { endedAs, decision, successor: successor === undefined ? undefined : decodeBase64url(successor) }
  } catch {
    return null
  }
}

async function readQrCodes(picture: Uint8Array | Pixels): Promise<readonly string[] | null> {
  const pixels = picture instanceof Uint8Array ? await readPicture(new Blob([picture as Uint8Array<ArrayBuffer>])) : picture
  if (typeof pixels === 'string') return null
  const ready = await loadedPart(getDecoder())
  try {
    return (await ready.read(pixels, 'photo')).texts
  } catch {
    return []
  }
}
