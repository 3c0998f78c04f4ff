import { readFile } from 'node:fs/promises'
import type { Pool } from 'pg'
import { equalBytes } from '../../core/encoding/bytes.ts'
import { AppError } from '../../core/errors.ts'
import { type Checkpoint, openCheckpoint } from '../../core/log/checkpoint.ts'
import { formatSignedNote } from '../../core/log/signedNote.ts'
import type { VerifierKey } from '../../core/log/verifierKey.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import { writeDurably } from '../keys/writeDurably.ts'
import { readHead } from './logTable.ts'
import { rootOfLog } from './rootOfLog.ts'

/** The largest checkpoint that this process, or the one before it on this machine, signed or saw: the log never goes behind it. */
export interface CheckpointMark {
  newest(): Checkpoint | null
  /** Takes note of a checkpoint that the log signed; others, and smaller ones, change nothing. */
  raise(note: string): Promise<void>
  /** Why the database does not lead to the mark; null when it does. */
  problem(): Promise<string | null>
  /**
   * Signs the text of a checkpoint and takes note of it before anyone else can see it. Throws `log.closed.unavailable` when the database does
   * not lead to what was signed before: two signed checkpoints are always consistent, whatever happened to the database in between.
   */
  signNote(text: Uint8Array): Promise<Uint8Array>
}

export interface CheckpointMarkDeps {
  readonly pool: Pool
  readonly logKey: VerifierKey
  /** Keeps the note of the mark; the format of `antin log verify --state`. */
  readonly file: string
  readonly sign: (text: Uint8Array) => Uint8Array | Promise<Uint8Array>
  /** Told when the file cannot be written: the mark then lasts as long as the process. */
  readonly warn: (error: unknown) => void
}

export async function openCheckpointMark({ pool, logKey, file, sign, warn }: CheckpointMarkDeps): Promise<CheckpointMark> {
  const stored = async (): Promise<Checkpoint | null> => {
    const note = await readFile(file, 'utf8').catch(() => null)
    return note === null ? null : openCheckpoint(note, logKey, nodeCrypto)
  }
  let mark = await stored()

  const raise = async (note: string): Promise<void> => {
    const checkpoint = await openCheckpoint(note, logKey, nodeCrypto)
    if (!checkpoint || checkpoint.treeSize <= (mark?.treeSize ?? -1)) return
    mark = checkpoint
    try {
      // Another process of this machine may be ahead.
      if (((await stored())?.treeSize ?? -1) < checkpoint.treeSize) await writeDurably(file, note, { replace: true })
    } catch (error) {
      warn(error)
    }
  }
  const problem = async (): Promise<string | null> => {
    const seen = mark
    if (!seen) return null
    const { range } = await readHead(pool)
    if (range.size < seen.treeSize) return `The log has ${range.size} entries, a checkpoint seen here ${seen.treeSize}`
    if (!equalBytes(await rootOfLog(pool, seen.treeSize), seen.rootHash))
      return `The log leads to another root than a checkpoint seen here, at ${seen.treeSize}`
    return null
  }
  return {
    newest: () => mark,
    raise,
    problem,
    async signNote(text) {
      const behind = await problem()
      if (behind !== null) throw new AppError('log.closed.unavailable', behind)
      const signature = await sign(text)
      const signatures = [{ name: logKey.name, keyId: logKey.keyId, signature }]
      await raise(formatSignedNote({ text: Buffer.from(text).toString('utf8'), signatures }))
      return signature
    },
  }
}
