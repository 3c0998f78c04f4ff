import { createHash, X509Certificate } from 'node:crypto'
import { AppError } from '../../core/errors.ts'
import { type EmbeddedFile, embeddedFiles, receiptFileName, sealFileName } from '../../core/pdf/embeddedFiles.ts'
import { PdfDocument } from '../../core/pdf/pdfDocument.ts'
import { type PdfSignature, signatureFields } from '../../core/pdf/signatureFields.ts'
import type { SignatureOutcome } from '../../core/pdf/signatureOutcome.ts'
import { jwkIdentity, publicJwk } from './jwkIdentity.ts'
import { verifyCms } from './verifyCms.ts'

/** One signature of a PDF; a `DocumentSignature` of core with what people are told about it. */
export interface InspectedSignature {
  outcome: Exclude<SignatureOutcome, 'none'>
  /** Whether it verifies under the key of its certificate, over what its byte range says. */
  verified: boolean
  /** Whether that range is the whole file but for the signature itself. */
  wholeFile: boolean
  /** DER. */
  certificate: Uint8Array
  /** Of the certificate's key, 32 bytes (RFC 7638); absent for a key of a kind that the trust list cannot name. */
  keyThumbprint?: Uint8Array
  /** Seconds: of the time stamp where there is one, else the signer's claim, else the beginning of the certificate. */
  signedAt: number
  timestamped: boolean
}

export interface PdfInspection {
  /** Hex, of the whole file. */
  sha256: string
  attachments: EmbeddedFile[]
  /** The sealed credential among them (formats 1). */
  sealed?: Uint8Array
  /** The receipt among them (formats 7), as JSON text. */
  receipt?: string
  /** The worst that is to be said; `certificateDer` and `keyThumbprint` as in `signatures`. */
  signature: {
    outcome: SignatureOutcome
    keyThumbprint?: Uint8Array
    certificateDer?: Uint8Array
    signedAt?: number
    coversWholeFile: boolean
  }
  /** All of them, as `verifyDiploma` takes them. */
  signatures: InspectedSignature[]
}

export interface InspectOptions {
  /** Whether a key may sign documents of the issuer in question; without it no signature is `foreign`. */
  isTrustedKey?: (thumbprint: Uint8Array) => boolean
}

/**
 * Returns what a file is, carries and is signed with. A file that is no readable PDF has its digest, no attachments and outcome
 * `none`. Hostile bytes give an answer, never an exception; work is bounded by the file's length and 8 MiB a stream.
 */
export async function inspectPdf(bytes: Uint8Array, options: InspectOptions = {}): Promise<PdfInspection> {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const inspection: PdfInspection = { sha256, attachments: [], signature: { outcome: 'none', coversWholeFile: false }, signatures: [] }
  try {
    const document = await PdfDocument.open(bytes)
    inspection.signatures = (await signatureFields(document)).map(signature => inspect(signature, options))
    inspection.attachments = await embeddedFiles(document)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
  }
  const sealed = inspection.attachments.find(file => file.name === sealFileName)
  const receipt = inspection.attachments.find(file => file.name === receiptFileName)
  if (sealed) inspection.sealed = sealed.bytes
  if (receipt) inspection.receipt = Buffer.from(receipt.bytes).toString('utf8')
  const worst = inspection.signatures.toSorted((a, b) => gravity.indexOf(a.outcome) - gravity.indexOf(b.outcome))[0]
  if (worst) {
    const { outcome, wholeFile, certificate, keyThumbprint, signedAt } = worst
    inspection.signature = {
      outcome,
      coversWholeFile: wholeFile,
      certificateDer: certificate,
      signedAt,
      ...(keyThumbprint ? { keyThumbprint } : {}),
    }
  }
  return inspection
}

/** Worst first. A later signature over the whole file vouches for what an earlier one leaves open. */
const gravity: SignatureOutcome[] = ['broken', 'valid', 'expired', 'foreign', 'appended']

function inspect(signature: PdfSignature, { isTrustedKey }: InspectOptions): InspectedSignature {
  const { verified, certificate, timestamp } = verifyCms(signature.cms, signature.signedParts)
  const wholeFile = signature.range === 'whole'
  const x509 = certificate && readCertificate(certificate)
  const [from, to] = x509 ? [Date.parse(x509.validFrom) / 1000, Date.parse(x509.validTo) / 1000] : [0, 0]
  const signedAt = timestamp?.at ?? signature.claimedAt ?? from
  const keyThumbprint = x509 && thumbprintOf(x509)
  const holds = verified && x509 !== undefined && signature.range !== 'odd'
  const outcome = !holds
    ? 'broken'
    : !wholeFile
      ? 'appended'
      : isTrustedKey && !(keyThumbprint && isTrustedKey(keyThumbprint))
        ? 'foreign'
        : signedAt < from || signedAt > to
          ? 'expired'
          : 'valid'
  return {
    outcome,
    verified: holds,
    wholeFile,
    certificate: certificate ?? new Uint8Array(0),
    signedAt,
    timestamped: timestamp !== undefined,
    ...(keyThumbprint ? { keyThumbprint } : {}),
  }
}

/** What carries an issuer and a serial number need not be a certificate. */
function readCertificate(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der)
  } catch {
    return undefined
  }
}

function thumbprintOf(certificate: X509Certificate): Uint8Array | undefined {
  try {
    return jwkIdentity(publicJwk(certificate.publicKey)).thumbprint
  } catch {
    return undefined
  }
}
