import type { Db, Tx } from '../../db/transaction.ts'

export type PlasticState = 'waiting' | 'printed' | 'spoilt' | 'delivered' | 'returned' | 'destroyed' | 'lost'
export const plasticStates = [
  'waiting',
  'printed',
  'spoilt',
  'delivered',
  'returned',
  'destroyed',
  'lost',
] as const satisfies readonly PlasticState[]
export type PrintLayout = 'card' | 'a4' | 'bureau'

export interface PrintJobRow {
  id: string
  agencyCode: string
  layout: PrintLayout
  template: string
  maker: string
  makerName: string
  total: number
  createdAt: Date
  fetchedAt: Date | null
}

export interface PlasticRow {
  id: string
  cardRef: Buffer
  serial: string
  fullName: string
  position: string
  usingCode: string
  jobId: string
  seq: number
  state: PlasticState
  blankNumber: string | null
  printedAt: Date | null
  deliveredAt: Date | null
}

const jobColumns = `id, agency_code as "agencyCode", layout, template, maker, maker_name as "makerName", total, created_at as "createdAt", fetched_at as "fetchedAt"`
const plasticColumns = `p.id, p.card_ref as "cardRef", c.serial, c.full_name as "fullName", c.position, c.using_code as "usingCode", p.job_id as "jobId",
  p.seq, p.state, p.blank_number as "blankNumber", p.printed_at as "printedAt", p.delivered_at as "deliveredAt"`

export interface QueuedCard {
  ref: Buffer
  serial: string
  fullName: string
  position: string
  issuerCode: string
  usingCode: string
  category: string
  issuedAt: Date
  /** It was printed before: printing again needs a reason. */
  printedBefore: boolean
}

/** Cards in force of the agencies that have no plastic in the world or on its way: oldest day first, then unit by unit, Đ after D. */
export async function cardsToPrint(
  db: Db,
  agencies: readonly string[],
  limit: number,
  serials: readonly string[] | null = null,
): Promise<QueuedCard[]> {
  const { rows } = await db.query<QueuedCard>(
    `select c.ref, c.serial, c.full_name as "fullName", c.position, c.issuer_code as "issuerCode", c.using_code as "usingCode", c.category,
       c.issued_at as "issuedAt",
       exists (select from plastics p where p.card_ref = c.ref) as "printedBefore"
     from cards c
     where c.ended_as is null and c.status = 0 and c.using_code = any($1) and ($3::text[] is null or c.serial = any($3))
       and not exists (select from plastics p where p.card_ref = c.ref and p.state in ('waiting', 'printed', 'delivered'))
     order by (c.issued_at at time zone 'Asia/Ho_Chi_Minh')::date, c.using_code, c.full_name collate "vi-x-icu", c.ref limit $2`,
    [agencies, limit, serials],
  )
  return rows
}

export async function countToPrint(db: Db, agencies: readonly string[]): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from cards c
     where c.ended_as is null and c.status = 0 and c.using_code = any($1)
       and not exists (select from plastics p where p.card_ref = c.ref and p.state in ('waiting', 'printed', 'delivered'))`,
    [agencies],
  )
  return rows[0]!.count
}

export async function insertPrintJob(
  tx: Tx,
  job: Omit<PrintJobRow, 'createdAt' | 'fetchedAt'> & { reason: Buffer | null },
  plastics: readonly { id: string; cardRef: Buffer }[],
): Promise<void> {
  await tx.query(
    'insert into print_jobs (id, agency_code, layout, template, maker, maker_name, reason, total) values ($1, $2, $3, $4, $5, $6, $7, $8)',
    [job.id, job.agencyCode, job.layout, job.template, job.maker, job.makerName, job.reason, job.total],
  )
  await tx.query(
    'insert into plastics (id, card_ref, job_id, seq) select id, ref, $1, seq from unnest($2::uuid[], $3::bytea[]) with ordinality as t(id, ref, seq)',
    [job.id, plastics.map(plastic => plastic.id), plastics.map(plastic => plastic.cardRef)],
  )
}

export async function printJobById(db: Db, id: string): Promise<PrintJobRow | null> {
  const { rows } = await db.query<PrintJobRow>(`select ${jobColumns} from print_jobs where id = $1`, [id])
  return rows[0] ?? null
}

/** Newest first. */
export async function listPrintJobs(
  db: Db,
  agencies: readonly string[],
  { before, limit }: { before?: string | undefined; limit: number },
): Promise<PrintJobRow[]> {
  const { rows } = await db.query<PrintJobRow>(
    `select ${jobColumns} from print_jobs
     where agency_code = any($1) and ($2::uuid is null or (created_at, id) < (select created_at, id from print_jobs where id = $2))
     order by created_at desc, id desc limit $3`,
    [agencies, before ?? null, limit],
  )
  return rows
}

/** The pieces of a run, in the order of printing. */
export async function plasticsOfJob(db: Db, jobId: string): Promise<PlasticRow[]> {
  const { rows } = await db.query<PlasticRow>(
    `select ${plasticColumns} from plastics p join cards c on c.ref = p.card_ref where p.job_id = $1 order by p.seq`,
    [jobId],
  )
  return rows
}

/** Every piece that a card ever had, newest first. */
export async function plasticsOfCard(db: Db, cardRef: Uint8Array): Promise<PlasticRow[]> {
  const { rows } = await db.query<PlasticRow>(
    `select ${plasticColumns} from plastics p join cards c on c.ref = p.card_ref where p.card_ref = $1 order by p.changed_at desc`,
    [Buffer.from(cardRef)],
  )
  return rows
}

export async function lockPlastics(tx: Tx, ids: readonly string[]): Promise<PlasticRow[]> {
  const { rows } = await tx.query<PlasticRow>(
    `select ${plasticColumns} from plastics p join cards c on c.ref = p.card_ref where p.id = any($1::uuid[]) order by p.id for update of p`,
    [ids],
  )
  return rows
}

export async function updatePlastics(
  tx: Tx,
  changes: readonly { id: string; state: PlasticState; blankNumber?: string | undefined; note?: Buffer | undefined }[],
): Promise<void> {
  await tx.query(
    `update plastics p set state = n.state, blank_number = coalesce(n.blank_number, p.blank_number), note = coalesce(n.note, p.note), changed_at = now(),
       printed_at = case when n.state = 'printed' then now() else p.printed_at end,
       delivered_at = case when n.state = 'delivered' then now() else p.delivered_at end
     from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[]) as n(id, state, blank_number, note) where p.id = n.id`,
    [
      changes.map(change => change.id),
      changes.map(change => change.state),
      changes.map(change => change.blankNumber ?? null),
      changes.map(change => change.note ?? null),
    ],
  )
}

export async function markFetched(db: Db, jobId: string): Promise<void> {
  await db.query('update print_jobs set fetched_at = coalesce(fetched_at, now()) where id = $1', [jobId])
}
