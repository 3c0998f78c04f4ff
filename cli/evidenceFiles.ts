import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeBase64url } from '../core/encoding/base64url.ts'
import type { EvidencePorts, FetchAnswer } from '../core/verification/evidence.ts'
import { CliError } from './io.ts'

interface Kept {
  /** Of several that answer, the one whose age is the highest, number by number. */
  readonly age: readonly number[]
  readonly text: string
}

/** Names of an entry in `/log/proof`: its ref where it is an issuing entry, its digest where it is an SD-JWT's. */
interface KeptReceipt extends Kept {
  readonly name: string | undefined
  readonly treeSize: number
}

/** Evidence given as files: root documents, trust slices, an index, status lists, receipts. What a file is, its content says. */
export class EvidenceFiles {
  readonly #roots = new Map<number, string>()
  readonly #slices: (Kept & { readonly codes: ReadonlySet<string> })[] = []
  readonly #statusLists: (Kept & { readonly sub: string })[] = []
  readonly #indexes: Kept[] = []
  readonly #receipts: KeptReceipt[] = []

  /** Reads a file, or every file of a folder; one may hold several pieces, a line each or in a JSON array. Throws CliError for what is none. */
  add(path: string): void {
    if (!existsSync(path)) throw new CliError(`No such file: ${path}`, 64)
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) this.add(join(path, name))
      return
    }
    for (const piece of piecesOf(readFileSync(path, 'utf8'))) {
      if (!this.#addPiece(piece)) throw new CliError(`${path} is no root document, trust list, status list or receipt.`, 64)
    }
  }

  /** The hex SHA-256 of epoch 1's payload, when that document was given. */
  get pin(): string | undefined {
    const first = this.#roots.get(1)
    if (first === undefined) return undefined
    try {
      return createHash('sha256')
        .update(decodeBase64url(JSON.parse(first).payload))
        .digest('hex')
    } catch {
      return undefined
    }
  }

  /** The file that answers a path, or undefined. */
  find(path: string): string | undefined {
    const root = /^\/\.well-known\/antin\/root(?:\/(\d+))?$/.exec(path)
    if (root) return this.#roots.get(root[1] === undefined ? Math.max(...this.#roots.keys()) : Number(root[1]))
    const slice = /^\/\.well-known\/antin\/trust\/(.+)$/.exec(path)
    if (slice) return newest(this.#slices.filter(one => one.codes.has(slice[1]!)))
    if (path === '/.well-known/antin/trust-list') return newest(this.#indexes)
    if (path.startsWith('/status-lists/')) return newest(this.#statusLists.filter(one => one.sub.endsWith(path)))
    const proof = /^\/log\/proof\?(\w+=[\w-]+)(?:&size=(\d+))?$/.exec(path)
    if (!proof) return undefined
    const [, name, size] = proof
    return newest(this.#receipts.filter(one => one.name === name && (size === undefined || one.treeSize === Number(size))))
  }

  /** Without a network, what was given for this kind of path though it answers another: the report then says so. */
  findOther(path: string): string | undefined {
    if (path.startsWith('/.well-known/antin/trust/')) return this.#slices[0]?.text
    if (path.startsWith('/log/proof?')) return this.#receipts[0]?.text
    return path.startsWith('/status-lists/') ? this.#statusLists[0]?.text : undefined
  }

  /** The receipt that came with the credential itself: used where the server gives none. */
  spareReceipt: string | undefined

  /** Writes what a server gave into `keepIn`, from where `add` reads it again. */
  keep(path: string, bytes: Uint8Array): void {
    if (this.keepIn === undefined || path.startsWith('/log/tile/') || path === '/log/checkpoint') return
    mkdirSync(this.keepIn, { recursive: true })
    writeFileSync(join(this.keepIn, path.slice(1).replace(/[^\w.-]+/g, '_')), bytes)
  }

  keepIn: string | undefined

  #addPiece(text: string): boolean {
    const json = parse(text)
    if (isObject(json) && 'signatures' in json) {
      this.#roots.set(Number(payloadOf(json.payload)?.epoch), text)
      return true
    }
    if (isObject(json) && 'inclusionPath' in json) {
      this.#receipts.push(receiptOf(json, text))
      return true
    }
    const payload = payloadOf(text.split('.')[1])
    const publication = [Number(payload?.epoch) || 0, Number(payload?.seq) || 0]
    if (payload && Array.isArray(payload.agencies)) {
      const codes = new Set(payload.agencies.map(agency => String((agency as { code?: unknown } | null)?.code)))
      // Of one publication the smallest slice that holds an agency is its own: the others reach up to it from below.
      this.#slices.push({ age: [...publication, -codes.size], codes, text })
    } else if (payload && 'slices' in payload) this.#indexes.push({ age: publication, text })
    else if (payload && 'status_list' in payload)
      this.#statusLists.push({ age: [Number(payload.iat) || 0], sub: String(payload.sub), text })
    else if (/^[\w-]+\.[\w-]*\.[\w-]*$/.test(text)) this.#statusLists.push({ age: [0], sub: '', text })
    else return false
    return true
  }
}

function newest(kept: readonly Kept[]): string | undefined {
  const isBelow = (a: readonly number[], b: readonly number[]) => {
    const at = a.findIndex((number, i) => number !== b[i])
    return at >= 0 && a[at]! < b[at]!
  }
  return kept.reduce<Kept | undefined>((best, one) => (best && !isBelow(best.age, one.age) ? best : one), undefined)?.text
}

function receiptOf(receipt: Record<string, unknown>, text: string): KeptReceipt {
  const entry = payloadOf(receipt.entry)
  const treeSize = Number(receipt.treeSize) || 0
  const name = entry?.type === 'sd-jwt.issued' ? `digest=${entry.digest}` : entry && `ref=${entry.ref}`
  return { age: [treeSize], name, treeSize, text }
}

/** Evidence from files, and from the server at `base` for what they lack; without `base` there is no network. */
export function evidencePorts(files: EvidenceFiles, base: string | undefined, more: Pick<EvidencePorts, 'chain' | 'marks'>): EvidencePorts {
  return {
    ...more,
    async fetchFile(path, { maxLength }): Promise<FetchAnswer> {
      const given = files.find(path) ?? (base === undefined ? files.findOther(path) : undefined)
      if (given !== undefined) return { kind: 'found', bytes: Buffer.from(given), online: false }
      const answer: FetchAnswer =
        base === undefined ? { kind: 'unreachable', detail: 'offline' } : await fetchPublicFile(`${base}${path}`, maxLength)
      if (answer.kind === 'found') files.keep(path, answer.bytes)
      const spare = answer.kind === 'unreachable' && path.startsWith('/log/proof?') ? files.spareReceipt : undefined
      return spare === undefined ? answer : { kind: 'found', bytes: Buffer.from(spare), online: false }
    },
  }
}

/** A public file over HTTP, at most `maxLength` bytes. */
export async function fetchPublicFile(url: string, maxLength: number): Promise<FetchAnswer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) })
    if (response.status === 404) return { kind: 'absent' }
    if (!response.ok || !response.body) return { kind: 'unreachable', detail: `${response.status} from ${url}` }
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of response.body) {
      length += chunk.length
      if (length > maxLength) return { kind: 'unreachable', detail: `${url} is larger than ${maxLength} bytes` }
      chunks.push(chunk)
    }
    return { kind: 'found', bytes: Buffer.concat(chunks), online: true }
  } catch {
    return { kind: 'unreachable', detail: `no answer from ${url}` }
  }
}

function piecesOf(text: string): string[] {
  const whole = parse(text)
  if (Array.isArray(whole)) return whole.map(piece => (typeof piece === 'string' ? piece : JSON.stringify(piece)))
  if (whole !== undefined) return [text.trim()]
  return text
    .split(/\r?\n/)
    .map(line => line.trim())
    .filter(line => line !== '')
}

function payloadOf(part: unknown): Record<string, unknown> | undefined {
  if (typeof part !== 'string') return undefined
  try {
    const payload = parse(Buffer.from(decodeBase64url(part)).toString('utf8'))
    return isObject(payload) ? payload : undefined
  } catch {
    return undefined
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
