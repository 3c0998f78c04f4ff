import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { parseLive } from '../core/credential/live.ts'
import { parseQrText } from '../core/credential/qr.ts'
import { decodeBase64url, encodeBase64url } from '../core/encoding/base64url.ts'
import type { DocumentInput } from '../core/verification/evidence.ts'
import { fetchPublicFile } from './evidenceFiles.ts'
import { CliError } from './io.ts'
import { readQrImage } from './readQrImage.ts'

/** What the command was given to verify. */
export interface Subject {
  /** Of a text or picture that holds no credential these are no bytes, and the report says so. */
  readonly sealed: Uint8Array
  /** The live QR that the sealed card came in. */
  readonly live?: Uint8Array
  readonly document?: DocumentInput
  /** A receipt that came along, JSON. */
  readonly receipt?: string
  /** What a QR said that is none of ours. */
  readonly foreign?: string
}

const maxFile = 64 * 1024 * 1024
const maxPictures = 40
const unreadable: Subject = { sealed: new Uint8Array(0) }

/**
 * The credential behind a QR text, a picture with a QR, a PDF, a file of the sealed bytes, or any other file that was registered.
 * Without `base` nothing is asked of a server. Throws CliError: 64 for what is neither file nor QR, 2 when no credential was found.
 */
export async function verifySubject(given: string, base: string | undefined): Promise<Subject> {
  if (existsSync(given)) return ofFile(given, base)
  const subject = await ofText(given, base)
  if (subject?.foreign !== undefined)
    throw new CliError(`"${given.slice(0, 80)}" is neither a file nor the text of one of our QR codes.`, 64)
  return subject ?? unreadable
}

async function ofFile(path: string, base: string | undefined): Promise<Subject> {
  const info = statSync(path)
  if (!info.isFile() || info.size > maxFile) throw new CliError(`${path} is no file of at most 64 MiB.`, 64)
  const bytes = new Uint8Array(readFileSync(path))
  if (isPdf(bytes)) return ofPdf(path, bytes, base)
  if (bytes[0] === 0xd2) return { sealed: bytes }
  if (isPicture(bytes)) {
    const subject = await ofTexts(await readQrImage(bytes), base)
    return subject ?? (await ofRegistered(bytes, undefined, base)) ?? notFound(path, 'No QR code could be read in')
  }
  const text = textOf(bytes)
  const subject = text === undefined ? undefined : await ofText(text, base)
  if (subject && subject.foreign === undefined) return subject
  return (await ofRegistered(bytes, undefined, base)) ?? subject ?? unreadable
}

/** A PDF: looked into for our seal, then its digest, then a QR in its pictures. */
async function ofPdf(path: string, bytes: Uint8Array, base: string | undefined): Promise<Subject> {
  const { inspectPdf } = await import('../server/keys/inspectPdf.ts')
  const { sealed, receipt, signatures } = await inspectPdf(bytes)
  const document: DocumentInput = { sha256: sha256(bytes), signatures }
  if (sealed) return receipt === undefined ? { sealed, document } : { sealed, document, receipt }
  const registered = await ofRegistered(bytes, document, base)
  if (registered) return registered
  for (const picture of picturesIn(bytes)) {
    const subject = await ofTexts(await readQrImage(picture), base)
    if (subject && subject.foreign === undefined) return { ...subject, document }
  }
  return notFound(path, 'Neither a seal nor a QR code was found in')
}

/** The credential that names this file's digest, as the server has it; undefined when it has none or is not asked. */
async function ofRegistered(
  bytes: Uint8Array,
  document: DocumentInput | undefined,
  base: string | undefined,
): Promise<Subject | undefined> {
  if (base === undefined) return undefined
  const digest = sha256(bytes)
  const answer = await fetchPublicFile(`${base}/api/diplomas/by-document/${Buffer.from(digest).toString('hex')}`, 512 * 1024)
  if (answer.kind !== 'found') return undefined
  try {
    const { credential, receipt } = JSON.parse(Buffer.from(answer.bytes).toString('utf8'))
    const found = { sealed: decodeBase64url(credential), document: document ?? { sha256: digest } }
    return receipt ? { ...found, receipt: JSON.stringify(receipt) } : found
  } catch {
    return undefined
  }
}

/** The first of several QR texts that is one of ours. */
async function ofTexts(texts: readonly string[], base: string | undefined): Promise<Subject | undefined> {
  let other: Subject | undefined
  for (const text of texts) {
    const subject = await ofText(text, base)
    if (subject && subject.foreign === undefined) return subject
    other ??= subject
  }
  return other
}

async function ofText(text: string, base: string | undefined): Promise<Subject | undefined> {
  try {
    const content = parseQrText(text.trim())
    switch (content.kind) {
      case 'sealed':
        return { sealed: content.bytes }
      case 'live':
        return { sealed: parseLive(content.bytes).sealedBytes, live: content.bytes }
      case 'token':
        return await ofToken(content.token, base)
      default:
        return sealedBase64url(content.text) ?? { sealed: new Uint8Array(0), foreign: content.text }
    }
  } catch (error) {
    if (error instanceof CliError) throw error
    return unreadable
  }
}

/** A sealed credential in base64url, as the API gives it. */
function sealedBase64url(text: string): Subject | undefined {
  try {
    const sealed = decodeBase64url(text)
    return sealed[0] === 0xd2 ? { sealed } : undefined
  } catch {
    return undefined
  }
}

/** The card behind a short QR: only the server knows it. */
async function ofToken(token: Uint8Array, base: string | undefined): Promise<Subject> {
  if (base === undefined)
    throw new CliError('A short QR code says nothing without the server; scan the one on the back, or leave --offline out.', 2)
  let response: Response
  try {
    response = await fetch(`${base}/api/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: encodeBase64url(token) }),
      signal: AbortSignal.timeout(10_000),
    })
  } catch (cause) {
    throw new CliError(`No answer from ${base}; a short QR code says nothing without the server.`, 2, { cause })
  }
  if (response.status === 404) throw new CliError('This short QR code belongs to no card in force.', 1)
  if (!response.ok) throw new CliError(`${base} answered ${response.status}.`, 2)
  const { credential } = (await response.json()) as { credential: string }
  return { sealed: decodeBase64url(credential) }
}

/** JPEG pictures that stand as they are in a PDF, as a scanner writes them. */
function picturesIn(pdf: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(pdf.buffer, pdf.byteOffset, pdf.byteLength)
  const pictures: Uint8Array[] = []
  let at = 0
  while (pictures.length < maxPictures) {
    const stream = bytes.indexOf('stream', at)
    if (stream < 0) break
    const start = bytes.indexOf(Buffer.of(0xff, 0xd8, 0xff), stream)
    if (start >= 0 && start - stream <= 8) {
      const end = bytes.indexOf('endstream', start)
      pictures.push(bytes.subarray(start, end < 0 ? bytes.length : end))
      at = end < 0 ? bytes.length : end + 9
    } else at = stream + 6
  }
  return pictures
}

function isPdf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 1024)).includes('%PDF-')
}

function isPicture(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.subarray(0, 256)).toString('latin1')
  return (
    start.startsWith('\xff\xd8\xff') ||
    start.startsWith('\x89PNG') ||
    start.startsWith('GIF8') ||
    start.startsWith('BM') ||
    start.startsWith('II*\0') ||
    start.startsWith('MM\0*') ||
    (start.startsWith('RIFF') && start.slice(8, 12) === 'WEBP') ||
    start.slice(4, 8) === 'ftyp' ||
    /^\s*(<\?xml[^>]*>\s*)?<svg/.test(start)
  )
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.length > 64 * 1024) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim()
  } catch {
    return undefined
  }
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}

function notFound(path: string, what: string): never {
  throw new CliError(`${what} ${path}.`, 2)
}
