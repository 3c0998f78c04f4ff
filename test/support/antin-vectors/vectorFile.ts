import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sealedUrl } from '../../../core/credential/qr.ts'
import { fromHex, toHex, utf8 } from '../../../core/encoding/bytes.ts'
import type { Report } from '../../../core/verification/report.ts'
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
  sealed: string
  qr: string
  photo?: string
  document?: { sha256: string; signatures?: { verified: boolean; wholeFile: boolean; certificate: string; signedAt: number }[] }
  online: boolean
  unreachable: readonly string[]
  files: Record<string, string>
  before?: Record<string, string>
  chain?: Record<string, unknown>
  report: Report
}

/** The published form of a case; `store` keeps the evidence files and gives their names. */
export function publish(
  one: VerificationCase & { name: string; shows: string },
  report: Report,
  store: (bytes: Uint8Array) => string,
): PublishedVector {
  const { input, chain } = one
  const names = (files: Files) =>
    Object.fromEntries(Object.entries(files).map(([path, file]) => [path, store(typeof file === 'string' ? utf8(file) : file)]))
  return {
    name: one.name,
    shows: one.shows,
    kind: one.kind,
    policy: one.policy,
    now: one.now,
    trustRoot: one.trustRoot,
    sealed: toHex(input.sealed),
    qr: sealedUrl(host, input.sealed),
    ...(input.photo ? { photo: toHex(input.photo) } : {}),
    ...(input.document ? { document: publishDocument(input.document) } : {}),
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
export function readVectors(): (VerificationCase & { name: string; report: Report })[] {
  return readdirSync(join(vectorFolder, 'cases'))
    .sort()
    .map(name => restore(JSON.parse(readFileSync(join(vectorFolder, 'cases', name), 'utf8'))))
}

function restore(vector: PublishedVector): VerificationCase & { name: string; report: Report } {
  const read = (names: Record<string, string>): Files =>
    Object.fromEntries(Object.entries(names).map(([path, name]) => [path, new Uint8Array(readFileSync(join(vectorFolder, 'files', name)))]))
  const { document, photo, chain, before } = vector
  return {
    ...vector,
    input: {
      sealed: fromHex(vector.sealed),
      photo: photo === undefined ? undefined : fromHex(photo),
      document: document && {
        sha256: fromHex(document.sha256),
        signatures: document.signatures?.map(signature => ({ ...signature, certificate: fromHex(signature.certificate) })),
      },
    },
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
