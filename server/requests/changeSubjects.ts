import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { digestOfClaims } from './createRequest.ts'
import { addProgress, closeRequest, itemsOf, lockApproved, markItems, type RequestRow, requestById } from './requestsTable.ts'

const chunkSize = 500

/** How a kind of request changes what its items are about. */
export interface SubjectChange<Row extends { ref: Buffer }> {
  /** Locks the subjects of these refs and answers those that can still be changed. */
  lock(tx: Tx, refs: readonly Buffer[], request: RequestRow): Promise<readonly Row[]>
  /** The outcome of an item whose subject cannot be changed any more. */
  otherwise: string
  /** Changes locked subjects, at least one; the log's head is the last lock it takes. */
  write(tx: Tx, rows: readonly Row[], request: RequestRow, claimsOf: (row: Row) => unknown): Promise<void>
}

/**
 * Carries out a request whose approved items each change something that stands (`subjectRef`), 500 at a time, each chunk in one
 * transaction; safe to run again. Claims that are not those that were approved change nothing. Throws `request.not-found`.
 */
export async function changeSubjects<Row extends { ref: Buffer }>(
  { pool, cipher }: { pool: Pool; cipher: FieldCipher },
  requestId: string,
  change: SubjectChange<Row>,
): Promise<void> {
  const request = await requestById(pool, requestId)
  if (!request) throw new AppError('request.not-found')
  for (;;) {
    const items = (await itemsOf(pool, requestId, { state: 'approved', limit: chunkSize })).map(
      ({ seq, subjectRef, claims, claimsDigest }) => {
        const text = cipher.open(claims).toString('utf8')
        return { seq, ref: subjectRef!, text, isApproved: digestOfClaims(text).equals(claimsDigest) }
      },
    )
    if (items.length === 0) break
    await inTransaction(pool, async tx => {
      // Another run may have carried them out since they were read.
      const open = await lockApproved(
        tx,
        requestId,
        items.map(item => item.seq),
      )
      const approved = new Map(items.filter(item => item.isApproved && open.has(item.seq)).map(item => [item.ref.toString('hex'), item]))
      const able = await change.lock(
        tx,
        [...approved.values()].map(({ ref }) => ref),
        request,
      )
      const refs = new Set(able.map(row => row.ref.toString('hex')))
      const marked = await markItems(
        tx,
        requestId,
        'approved',
        items.map(({ seq, ref, isApproved }) => {
          if (!isApproved) return { seq, state: 'void', outcome: 'request.changed' }
          return refs.has(ref.toString('hex')) ? { seq, state: 'done', ref } : { seq, state: 'void', outcome: change.otherwise }
        }),
      )
      await addProgress(tx, requestId, able.length, marked - able.length)
      if (able.length > 0) await change.write(tx, able, request, row => JSON.parse(approved.get(row.ref.toString('hex'))!.text))
    })
  }
  await closeRequest(pool, requestId)
}
