import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { concatBytes, equalBytes } from '../core/encoding/bytes.ts'
import { encodeBase64 } from '../core/log/base64.ts'
import { type OpenedCheckpoint, openCheckpoint } from '../core/log/checkpoint.ts'
import { verifyConsistency } from '../core/log/consistency.ts'
import { cosignatureField, cosignedMessage } from '../core/log/cosignedMessage.ts'
import { formatVerifierKey, makeVerifierKey, type VerifierKey } from '../core/log/verifierKey.ts'
import { nodeCrypto } from '../server/keys/nodeCrypto.ts'
import { exists, writeDurably } from '../server/keys/writeDurably.ts'

/** What a witness answers to a checkpoint (C2SP tlog-witness): the status, and a note signature line, the size it stands at, or why not. */
export interface WitnessVerdict {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422
  readonly body: string
}

/** An independent party with a key of its own, that remembers one checkpoint of one log and cosigns only what extends it. */
export interface Witness {
  readonly vkey: string
  /** The size of the checkpoint it cosigned last, 0 before the first. */
  size(): number
  /** Judges a signed checkpoint with a consistency path from `oldSize`; one after the other. What it cosigns is on disk first. */
  cosign(note: string, oldSize: number, path: readonly Uint8Array[]): Promise<WitnessVerdict>
}

/** Opens the witness of a folder, making its key the first time. `log` is whose checkpoints it judges, `now` in seconds. */
export async function openWitness(dir: string, name: string, log: VerifierKey, now: () => number): Promise<Witness> {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const privateKey = await loadKey(join(dir, 'witness.pem'))
  const raw = Uint8Array.from(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(12))
  const key = await makeVerifierKey(name, 'cosignature', raw, nodeCrypto)
  const file = join(dir, 'checkpoint')
  let last = (await exists(file)) ? await openCheckpoint(readFileSync(file, 'utf8'), log, nodeCrypto) : null
  if (!last && (await exists(file))) throw new Error(`${file} is no checkpoint of ${log.name}; a witness keeps one folder a log`)
  let turn: Promise<unknown> = Promise.resolve()

  const judge = async (note: string, oldSize: number, path: readonly Uint8Array[]): Promise<WitnessVerdict> => {
    if (note.split('\n', 1)[0] !== log.name) return { status: 404, body: `Only checkpoints of ${log.name} are cosigned here\n` }
    const checkpoint = await openCheckpoint(note, log, nodeCrypto)
    if (!checkpoint) return { status: 403, body: 'The checkpoint is not signed by the log\n' }
    const size = last?.treeSize ?? 0
    if (oldSize > checkpoint.treeSize) return { status: 400, body: 'The old size is above that of the checkpoint\n' }
    if (oldSize !== size) return { status: 409, body: `${size}\n` }
    if (!(await extendsLast(checkpoint, last, path))) {
      if (last?.treeSize === checkpoint.treeSize && equalBytes(last.rootHash, checkpoint.rootHash))
        return { status: 422, body: 'A checkpoint that was cosigned already takes no proof\n' }
      // Two checkpoints that the log signed and that do not fit: the proof of a split view.
      await writeDurably(join(dir, `evidence-${checkpoint.treeSize}-${now()}`), note, { replace: true })
      return { status: checkpoint.treeSize === size ? 409 : 422, body: 'The checkpoint does not extend the one before\n' }
    }
    await writeDurably(file, note, { replace: true })
    last = checkpoint
    return { status: 200, body: cosignatureLine(checkpoint.note.text, key, privateKey, now()) }
  }
  return {
    vkey: formatVerifierKey(key),
    size: () => last?.treeSize ?? 0,
    cosign(note, oldSize, path) {
      const verdict = turn.then(() => judge(note, oldSize, path))
      turn = verdict.catch(() => {})
      return verdict
    },
  }
}

async function extendsLast(checkpoint: OpenedCheckpoint, last: OpenedCheckpoint | null, path: readonly Uint8Array[]): Promise<boolean> {
  if (!last) return path.length === 0
  const growth = {
    firstSize: last.treeSize,
    secondSize: checkpoint.treeSize,
    firstRoot: last.rootHash,
    secondRoot: checkpoint.rootHash,
    path,
  }
  return verifyConsistency(growth, nodeCrypto)
}

function cosignatureLine(text: string, key: VerifierKey, privateKey: KeyObject, time: number): string {
  const signature = cosignatureField(time, sign(null, cosignedMessage(text, time), privateKey))
  return `— ${key.name} ${encodeBase64(concatBytes(key.keyId, signature))}\n`
}

async function loadKey(file: string): Promise<KeyObject> {
  if (!(await exists(file))) {
    const { privateKey } = generateKeyPairSync('ed25519')
    await writeDurably(file, privateKey.export({ format: 'pem', type: 'pkcs8' }))
  }
  return createPrivateKey(readFileSync(file, 'utf8'))
}
