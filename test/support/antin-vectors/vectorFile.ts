import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sealedUrl } from '../../../core/credential/qr.ts'
import { fromHex, toHex, utf8 } from '../../../core/encoding/bytes.ts'
import type { Report, SdJwtReport } from '../../../core/verification/report.ts'
import type { VerificationCase } from './runCase.ts'
import { type Files, host } from './world.ts'

/** Where the published set lies. */
export const vectorFolder = join(import.meta.dirname, '../../vectors/antin')

/** A case as it is published: bytes in lowercase hex, evidence as names of files in `files/`. See the set's README. */
export interface PublishedVector {
  name: string
  shows: string
  kind: 'card' | 'diploma'
  policy: 'standard' | 'strict'
  now: number
  trustRoot: string
  sealed?: string
  qr?: string
  /** In place of `sealed`: an SD-JWT VC, and what its KB-JWT has to answer, if one is asked for. */
  sdJwt?: string
  binding?: { aud: string; nonce: string }
  photo?: string
  document?: { sha256: string; signatures?: { verified: boolean; wholeFile: boolean; certificate: string; signedAt: number }[] }
  online: boolean
  unreachable: readonly string[]
  files: Record<string, string>
  before?: Record<string, string>
  chain?: Record<string, unknown>
  report: Report | SdJwtReport
}

/** The published form of a case; `store` keeps the evidence files and gives their names. */
export function publish(
  one: VerificationCase & { name: string; shows: string },
  report: Report | SdJwtReport,
  store: (bytes: Uint8Array) => string,
): PublishedVector {
  const { input, sdJwt, chain } = one
  const { document, photo } = sdJwt ?? input
  const names = (files: Files) =>
    Object.fromEntries(Object.entries(files).map(([path, file]) => [path, store(typeof file === 'string' ? utf8(file) : file)]))
  return {
    name: one.name,
    shows: one.shows,
    kind: one.kind,
    policy: one.policy,
    now: one.now,
    trustRoot: one.trustRoot,
    ...(sdJwt ? { sdJwt: sdJwt.text } : { sealed: toHex(input.sealed), qr: sealedUrl(host, input.sealed) }),
    ...(sdJwt?.binding ? { binding: { aud: sdJwt.binding.aud, nonce: sdJwt.binding.nonce } } : {}),
    ...(photo ? { photo: toHex(photo) } : {}),
    ...(document ? { document: publishDocument(document) } : {}),
    online: one.online,
    unreachable: one.unreachable,
    files: names(one.files),
    ...(one.before ? { before: names(one.before) } : {}),
    ...(chain ? { chain: chain.kind === 'answer' ? { ...chain, rootHash: chain.rootHash && toHex(chain.rootHash) } : chain } : {}),
    report,
  }
}

/** The name of an evidence file: the start of its SHA-256. */
export function fileName(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}

/** The published cases, in order. */
export function readVectors(): (VerificationCase & { name: string; report: Report | SdJwtReport })[] {
  return readdirSync(join(vectorFolder, 'cases'))
    .sort()
    .map(name => restore(JSON.parse(readFileSync(join(vectorFolder, 'cases', name), 'utf8'))))
}

function restore(vector: PublishedVector): VerificationCase & { name: string; report: Report | SdJwtReport } {
  const read = (names: Record<string, string>): Files =>
    Object.fromEntries(Object.entries(names).map(([path, name]) => [path, new Uint8Array(readFileSync(join(vectorFolder, 'files', name)))]))
  const { sdJwt, binding, photo, chain, before } = vector
  const jpeg = photo === undefined ? undefined : fromHex(photo)
  const document = vector.document && {
    sha256: fromHex(vector.document.sha256),
    signatures: vector.document.signatures?.map(signature => ({ ...signature, certificate: fromHex(signature.certificate) })),
  }
  return {
    ...vector,
    input: { sealed: fromHex(vector.sealed ?? ''), photo: jpeg, document },
    sdJwt: sdJwt === undefined ? undefined : { text: sdJwt, photo: jpeg, document, binding },
    files: read(vector.files),
    before: before && read(before),
    chain:
      chain && ({ ...chain, rootHash: typeof chain.rootHash === 'string' ? fromHex(chain.rootHash) : null } as VerificationCase['chain']),
  }
}

function publishDocument({
  sha256,
  signatures,
}: NonNullable<VerificationCase['input']['document']>): NonNullable<PublishedVector['document']> {
  const published = signatures?.map(signature => ({ ...signature, certificate: toHex(signature.certificate) }))
  return { sha256: toHex(sha256), ...(published ? { signatures: published } : {}) }
}
