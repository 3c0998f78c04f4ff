import { createHash, randomBytes } from 'node:crypto'
import { encodeBase64url } from '../core/encoding/base64url.ts'
import { AppError } from '../core/errors.ts'
import type { EntryDraft } from '../core/log/entry.ts'
import { inTransaction } from '../server/db/transaction.ts'
import { appendEntries } from '../server/log/appendEntries.ts'
import { databaseSource } from '../server/log/logSource.ts'
import { proofFor } from '../server/log/proofFor.ts'
import { signCheckpoint } from '../server/log/signCheckpoint.ts'
import { verifyLog } from '../server/log/verifyLog.ts'
import { newNoteKey } from '../test/server/log/support/testLog.ts'
import { ownDatabase } from './ownDatabase.ts'
import type { Report } from './report.ts'

const batch = 1000
const [, asked] = /^--entries=(\d+)$/.exec(process.argv.find(argument => argument.startsWith('--entries=')) ?? '') ?? []
const entries = Number(asked ?? 200_000)

/**
 * The log on a durable embedded database: batches appended by two connections, single entries by 16, proofs, and the monitor over all of it.
 * `--entries=10000000` fills it to national size (200,000 by default).
 */
export async function run(report: Report): Promise<void> {
  await ownDatabase(async ({ pool }) => {
    const log = await newNoteKey('bench.example/log')
    const refs: string[] = []
    const draft = (): EntryDraft => {
      const ref = encodeBase64url(randomBytes(16))
      if (refs.length < 2000) refs.push(ref)
      return { type: 'sd-jwt.issued', agency: 'G09.12', ref, digest: b64u32(ref), kid: 'AAAAAAAAAAA' }
    }
    const cards = Array.from({ length: batch }, (): EntryDraft => ({ ...draft(), type: 'card.issued' }) as EntryDraft)
    await inTransaction(pool, tx => appendEntries(tx, cards))

    const append = async (count: number): Promise<void> => {
      try {
        await inTransaction(pool, tx => appendEntries(tx, Array.from({ length: count }, draft)))
      } catch (error) {
        // On a busy machine the head may not be had within 2 s; callers send the same again.
        if (!(error instanceof AppError) || error.code !== 'log.unavailable') throw error
        await append(count)
      }
    }
    const filled = await rate(entries, 2, batch, () => append(batch))
    report({ case: `append in batches of ${batch}, durable`, rate: filled, unit: 'entries/s', limit: 10_000 })
    report({
      case: 'append one by one, 16 connections, durable',
      rate: await rate(4000, 16, 1, () => append(1)),
      unit: 'entries/s',
    })
    await signCheckpoint({ pool, ...log })
    let at = 0
    const proofs = await rate(4000, 8, 1, () => proofFor({ pool }, Buffer.from(refs[at++ % batch]!, 'base64url')))
    report({ case: 'receipts by ref', rate: proofs, unit: 'receipts/s' })
    report.note(`${process.memoryUsage().rss >> 20} MB after ${entries} entries`)

    const start = performance.now()
    // The entries of this bench have no rows: only the tree is judged.
    const { findings, treeSize } = await verifyLog({ source: databaseSource(pool), logKey: log.logKey })
    const seconds = (performance.now() - start) / 1000
    if (findings.length > 0) throw new Error(JSON.stringify(findings[0]))
    report({ case: 'monitor, whole log from the database', rate: treeSize / seconds, unit: 'entries/s', limit: 10_000_000 / 60 })
    report.note(`monitor: ${treeSize} entries in ${seconds.toFixed(1)} s, ${process.memoryUsage().rss >> 20} MB`)
  })
}

function b64u32(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}

/** Units a second of `work`, which does `step` units, by so many at once until `total` are done. */
async function rate(total: number, lanes: number, step: number, work: () => Promise<unknown>): Promise<number> {
  let left = total
  const start = performance.now()
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      while (left > 0) {
        left -= step
        await work()
      }
    }),
  )
  return (total * 1000) / (performance.now() - start)
}
