import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import sharp from 'sharp'
import { prepareZXingModule } from 'zxing-wasm/reader'
import { inspectDocument } from '../../core/document/inspectDocument.ts'
import type { Pixels } from '../../core/document/pixels.ts'
import type { PdfSignature } from '../../core/pdf/signatureFields.ts'
import type { DocumentSignature } from '../../core/verification/evidence.ts'
import type { PolicyName } from '../../core/verification/policy.ts'
import type { Report } from '../../core/verification/report.ts'
import { readCodes } from '../../web/scan/readCodes.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import type { Verify } from './createVerifier.ts'
import { readGivenCredential } from './verifyRequest.ts'

export interface FileVerifierDeps {
  verify: Verify
  /** A registered credential by the SHA-256 (32 bytes) of its file, or null. */
  sealedByDocument: (digest: Uint8Array) => Promise<Uint8Array | null>
  sealedByToken: (token: Uint8Array) => Promise<Uint8Array | null>
  verifySignature: (signature: PdfSignature) => DocumentSignature
}

/** The report on a file: by its digest, by the seal in it, by a QR in its pictures; null when it says nothing and is not registered. */
export type FileVerifier = (file: Uint8Array, policy: PolicyName) => Promise<Report | null>

const maxPixels = 40_000_000

export function createFileVerifier(deps: FileVerifierDeps): FileVerifier {
  const { verify } = deps
  return async (bytes, policy) => {
    const { sha256, sealed, signatures, qrTexts } = await inspectDocument(bytes, {
      sha256: nodeCrypto.sha256,
      verifySignature: async signature => deps.verifySignature(signature),
      readQrCodes,
    })
    const document = { sha256, signatures }
    const registered = await deps.sealedByDocument(sha256)
    if (registered) return verify({ sealed: registered, document }, policy)
    if (sealed) return verify({ sealed, document }, policy)
    for (const text of qrTexts) {
      const given = readGivenCredential(text)
      const found = given.kind === 'sealed' ? given.sealed : await deps.sealedByToken(given.token)
      if (found && found.length > 0) return verify({ sealed: found, document }, policy)
    }
    return null
  }
}

let decoder: Promise<unknown> | undefined

/** Loads the decoder from our own files; left alone it would ask a public CDN for it. */
function prepareDecoder(): Promise<unknown> {
  decoder ??= readFile(createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm')).then(wasm =>
    prepareZXingModule({ overrides: { wasmBinary: Uint8Array.from(wasm).buffer }, fireImmediately: true }),
  )
  return decoder
}

/** QR texts of a JPEG, PNG, WebP or pixels; null when it cannot be opened. */
async function readQrCodes(picture: Uint8Array | Pixels): Promise<readonly string[] | null> {
  await prepareDecoder()
  try {
    const image = openPicture(picture).rotate().flatten({ background: '#fff' }).ensureAlpha()
    const { data, info } = await image
      .resize({ width: 3000, height: 3000, fit: 'inside', withoutEnlargement: true })
      .raw()
      .toBuffer({ resolveWithObject: true })
    const pixels = { data: new Uint8ClampedArray(data.buffer, data.byteOffset, data.length), width: info.width, height: info.height }
    return (await readCodes(pixels, 'photo')).texts
  } catch {
    return null
  }
}

function openPicture(picture: Uint8Array | Pixels): ReturnType<typeof sharp> {
  if (picture instanceof Uint8Array) return sharp(picture, { limitInputPixels: maxPixels, failOn: 'error' })
  const { data, width, height } = picture
  return sharp(data, { raw: { width, height, channels: 4 } })
}
