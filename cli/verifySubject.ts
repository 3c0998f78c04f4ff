import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { parseLive } from '../core/credential/live.ts'
import { maxQrText, parseQrText } from '../core/credential/qr.ts'
import { webCrypto } from '../core/crypto/webCrypto.ts'
import { type DocumentCause, inspectDocument } from '../core/document/inspectDocument.ts'
import { decodeBase64url, encodeBase64url } from '../core/encoding/base64url.ts'
import { toHex } from '../core/encoding/bytes.ts'
import { embeddedFiles, receiptFileName } from '../core/pdf/embeddedFiles.ts'
import { PdfDocument } from '../core/pdf/pdfDocument.ts'
import type { PdfSignature } from '../core/pdf/signatureFields.ts'
import { sdJwtText } from '../core/sd-jwt/sdJwtText.ts'
import type { DocumentInput, DocumentSignature } from '../core/verification/evidence.ts'
import { fetchPublicFile } from './evidenceFiles.ts'
import { CliError } from './io.ts'
import { readQrImage } from './readQrImage.ts'

/** What the command was given to verify. */
export interface Subject {
  /** Of a text or picture that holds no credential these are no bytes, and the report says so. */
  readonly sealed: Uint8Array
  /** In their place: the text of an SD-JWT VC. */
  readonly sdJwt?: string
  /** The live QR that the sealed card came in. */
  readonly live?: Uint8Array
  readonly document?: DocumentInput
  /** A receipt that came along, JSON. */
  readonly receipt?: string
  /** What a QR said that is none of ours. */
  readonly foreign?: string
}

const maxFile = 64 * 1024 * 1024
const causes: Record<DocumentCause, string> = {
  heic: 'a HEIC picture; save it as JPEG',
  encrypted: 'the PDF is encrypted',
  broken: 'the file is damaged',
  kind: 'another kind of file',
  printed: 'printed to PDF: its electronic mark is lost',
  recompressed: 'the picture shows no readable code',
}
const unreadable: Subject = { sealed: new Uint8Array(0) }

/** A name with a folder or an ending, and no address. What has blanks needs an ending: a sentence may have a slash in it. */
function looksLikePath(text: string): boolean {
  if (/^[a-z][a-z0-9+.-]*:/i.test(text) || /[\r\n|]/.test(text)) return false
  return /\.\w{1,5}$/.test(text) || (/[/\\]/.test(text) && !/\s/.test(text))
}

/** The file that came with a credential, as `--document` names it. */
export async function documentAt(path: string): Promise<DocumentInput> {
  const readers = { sha256: webCrypto.sha256, verifySignature, readQrCodes: async () => [] }
  const { sha256, signatures } = await inspectDocument(new Uint8Array(readFileSync(path)), readers)
  return { sha256, signatures }
}

/**
 * The credential behind a QR text, a picture with a QR, a PDF, a file of the sealed bytes, or any other file that was registered; `-` is standard input.
 * Without `base` nothing is asked of a server. Throws CliError: 64 for the name of a file that is not there, 2 when no credential was found.
 */
export async function verifySubject(given: string, base: string | undefined): Promise<Subject> {
  const sdJwt = sdJwtText(given)
  if (sdJwt) return { ...unreadable, sdJwt }
  if (given === '-') return ofBytes(await standardInput(), 'standard input', base)
  if (existsSync(given)) return ofFile(given, base)
  const subject = await ofText(given, base)
  if (subject?.foreign !== undefined) {
    if (looksLikePath(given)) throw new CliError(`There is no file "${given.slice(0, 200)}".`, 64)
    // Any other text is judged as what a QR held: it is no credential of ours, and the report says so.
    return unreadable
  }
  return subject ?? unreadable
}

async function ofFile(path: string, base: string | undefined): Promise<Subject> {
  const info = statSync(path)
  if (!info.isFile() || info.size > maxFile) throw new CliError(`${path} is no file of at most 64 MiB.`, 64)
  return ofBytes(new Uint8Array(readFileSync(path)), path, base)
}

async function standardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxFile) throw new CliError('Standard input is more than 64 MiB.', 64)
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

async function ofBytes(bytes: Uint8Array, name: string, base: string | undefined): Promise<Subject> {
  if (bytes[0] === 0xd2) return { sealed: bytes }
  const sdJwt = sdJwtText(bytes)
  if (sdJwt) return { ...unreadable, sdJwt }
  const text = textOf(bytes)
  const written = text === undefined ? undefined : await ofText(text, base)
  if (written && written.foreign === undefined) return written

  const { sha256, sealed, signatures, qrTexts, cause } = await inspectDocument(bytes, {
    sha256: webCrypto.sha256,
    verifySignature,
    readQrCodes: readQrImage,
  })
  const document = { sha256, signatures }
  const registered = await ofRegistered(document, base)
  if (registered) return registered
  if (sealed) {
    const receipt = await receiptIn(bytes)
    return receipt === undefined ? { sealed, document } : { sealed, document, receipt }
  }
  const seen = await ofTexts(cause === 'kind' ? ((await readQrImage(bytes)) ?? []) : qrTexts, base)
  // A picture is how a QR comes here; of a PDF it is the PDF that is asked about.
  if (seen) return isPdf(bytes) && seen.foreign === undefined ? { ...seen, document } : seen
  if (written) return written
  throw new CliError(`Neither a seal nor a QR code was found in ${name}${cause ? ` (${causes[cause]})` : ''}.`, 2)
}

/** The signature of a PDF as `verifyDiploma` takes it; node:crypto does the verifying. */
async function verifySignature({ cms, signedParts, range, claimedAt }: PdfSignature): Promise<DocumentSignature> {
  const { verifyCms } = await import('../server/keys/verifyCms.ts')
  const { verified, certificate, timestamp } = verifyCms(cms, signedParts)
  return {
    verified: verified && range !== 'odd',
    wholeFile: range === 'whole',
    certificate: certificate ?? new Uint8Array(0),
    // As in the browser: a signature that claims no time counts from the beginning of its certificate.
    signedAt: timestamp?.at ?? claimedAt ?? (certificate ? Date.parse(new X509Certificate(certificate).validFrom) / 1000 : 0),
  }
}

/** The receipt that a PDF carries beside its seal, JSON. */
async function receiptIn(pdf: Uint8Array): Promise<string | undefined> {
  try {
    const receipt = (await embeddedFiles(await PdfDocument.open(pdf))).find(file => file.name === receiptFileName)
    return receipt && Buffer.from(receipt.bytes).toString('utf8')
  } catch {
    return undefined
  }
}

/** The credential that names this file's digest, as the server has it; undefined when it has none or is not asked. */
async function ofRegistered(document: DocumentInput, base: string | undefined): Promise<Subject | undefined> {
  if (base === undefined) return undefined
  const answer = await fetchPublicFile(`${base}/api/diplomas/by-document/${toHex(document.sha256)}`, 512 * 1024)
  if (answer.kind !== 'found') return undefined
  try {
    const { credential, receipt } = JSON.parse(Buffer.from(answer.bytes).toString('utf8'))
    const found = { sealed: decodeBase64url(credential), document }
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

function isPdf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 1024)).includes('%PDF-')
}

/** A short file of text that could be a QR's; undefined for anything else, an empty one too. */
function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.length > 4 * maxQrText || isPdf(bytes)) return undefined
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim()
    return text === '' || text.length > maxQrText ? undefined : text
  } catch {
    return undefined
  }
}
