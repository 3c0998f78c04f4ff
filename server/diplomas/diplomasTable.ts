import type { Db, Tx } from '../db/transaction.ts'

export type DiplomaEnd = 'ended' | 'replaced' | 'error' | 'corrected'

export interface DiplomaRow {
  ref: Buffer
  issuerCode: string
  number: string | null
  registerNumber: string | null
  holderName: string
  title: string
  field: string | null
  awarded: string
  /** Its last second; null when it does not expire. */
  expiresAt: Date | null
  classification: string | null
  basis: 0 | 1 | 2 | 3
  /** The holder's personal number, sealed, and its look-up index. */
  holderNumber: Buffer | null
  holderIndex: Buffer | null
  numberIndex: Buffer
  kid: Buffer
  sealed: Buffer
  documentDigest: Buffer | null
  list: number
  idx: number
  status: 0 | 1 | 2
  endedAs: DiplomaEnd | null
  endedAt: Date | null
  successor: Buffer | null
  decision: string | null
  issuedAt: Date
  leafIndex: number
  requestId: string
}

const columns = `ref, issuer_code as "issuerCode", number, register_number as "registerNumber", holder_name as "holderName", title, field, awarded, expires_at as "expiresAt",
  classification, basis, holder_number as "holderNumber", holder_index as "holderIndex", number_index as "numberIndex", kid, sealed, document_digest as "documentDigest", list, idx,
  status, ended_as as "endedAs", ended_at as "endedAt", successor, decision, issued_at as "issuedAt", leaf_index as "leafIndex", request_id as "requestId"`

export async function diplomaByRef(db: Db, ref: Uint8Array): Promise<DiplomaRow | null> {
  const { rows } = await db.query<DiplomaRow>(`select ${columns} from diplomas where ref = $1`, [Buffer.from(ref)])
  return rows[0] ?? null
}

/** Diplomas whose registered file, or one of whose signed PDFs, has this SHA-256; those in force first. */
export async function diplomasByFile(db: Db, digest: Uint8Array): Promise<DiplomaRow[]> {
  const { rows } = await db.query<DiplomaRow>(
    `select ${columns} from diplomas
     where ref in (select ref from diplomas where document_digest = $1 union select ref from diploma_files where digest = $1)
     order by ended_as is not null, issued_at desc limit 10`,
    [Buffer.from(digest)],
  )
  return rows
}

/** Diplomas found by `lookupIndex`, those in force first. */
export async function diplomasByLookup(db: Db, index: Buffer): Promise<DiplomaRow[]> {
  const { rows } = await db.query<DiplomaRow>(
    `select ${columns} from diplomas where lookup_index = $1 order by ended_as is not null, issued_at desc limit 20`,
    [index],
  )
  return rows
}

/** Diplomas in force by their `numberIndex`. */
export async function diplomasByNumber(db: Db, indices: readonly Buffer[]): Promise<DiplomaRow[]> {
  const { rows } = await db.query<DiplomaRow>(
    `select ${columns} from diplomas where number_index = any($1) and ended_as is null and duplicate_of is null`,
    [indices],
  )
  return rows
}

/** Diplomas of a person by the index of their personal number, those in force first. */
export async function diplomasOfHolder(db: Db, holderIndex: Buffer): Promise<DiplomaRow[]> {
  const { rows } = await db.query<DiplomaRow>(
    `select ${columns} from diplomas where holder_index = $1 order by ended_as is not null, issued_at desc, ref limit 200`,
    [holderIndex],
  )
  return rows
}

/** Whether any diploma names this person as its holder. */
export async function holdsDiploma(db: Db, holderIndex: Buffer): Promise<boolean> {
  const { rowCount } = await db.query('select 1 from diplomas where holder_index = $1 limit 1', [holderIndex])
  return rowCount === 1
}

/** Says whose diplomas are; nulls say that it is not known. */
export async function setHolders(
  tx: Tx,
  holders: readonly { ref: Uint8Array; holderNumber: Buffer | null; holderIndex: Buffer | null }[],
): Promise<void> {
  await tx.query(
    `update diplomas d set holder_number = h.number, holder_index = h.index
     from unnest($1::bytea[], $2::bytea[], $3::bytea[]) as h(ref, number, index) where d.ref = h.ref`,
    [holders.map(({ ref }) => Buffer.from(ref)), holders.map(one => one.holderNumber), holders.map(one => one.holderIndex)],
  )
}

export interface DiplomaFilter {
  agencyIn: readonly string[] | null
  requestId?: string | undefined
  /** A part of the holder's name without diacritics, or the start of a number. */
  query?: string | undefined
  /** Ended or expired. */
  ended?: boolean | undefined
  /** Index of the holder's personal number. */
  holderIndex?: Buffer | undefined
  before?: { issuedAt: Date; ref: Uint8Array } | undefined
  limit: number
}

/** Newest first. */
export async function listDiplomas(db: Db, filter: DiplomaFilter): Promise<DiplomaRow[]> {
  const { rows } = await db.query<DiplomaRow>(
    `select ${columns} from diplomas
     where ($1::text[] is null or issuer_code = any($1)) and ($2::uuid is null or request_id = $2)
       and ($3::text is null or search_name like '%' || $3 || '%' or upper(number) = upper($3) or upper(register_number) = upper($3))
       and ($4::boolean is null or (ended_as is not null or coalesce(expires_at < now(), false)) = $4)
       and ($5::timestamptz is null or (issued_at, ref) < ($5, $6::bytea)) and ($8::bytea is null or holder_index = $8)
     order by issued_at desc, ref desc limit $7`,
    [
      filter.agencyIn,
      filter.requestId ?? null,
      filter.query?.replace(/[%_\\]/g, '\\$&') ?? null,
      filter.ended ?? null,
      filter.before?.issuedAt ?? null,
      filter.before ? Buffer.from(filter.before.ref) : null,
      filter.limit,
      filter.holderIndex ?? null,
    ],
  )
  return rows
}

export async function lockDiplomas(tx: Tx, refs: readonly Uint8Array[]): Promise<DiplomaRow[]> {
  const { rows } = await tx.query<DiplomaRow>(`select ${columns} from diplomas where ref = any($1) order by ref for update`, [
    refs.map(ref => Buffer.from(ref)),
  ])
  return rows
}

export type NewDiploma = Omit<DiplomaRow, 'status' | 'endedAs' | 'endedAt' | 'successor' | 'decision'> & {
  searchName: string
  lookupIndex: Buffer
  duplicateOf: Buffer | null
  requestSeq: number
}

export async function insertDiplomas(tx: Tx, rows: readonly NewDiploma[]): Promise<void> {
  await tx.query({
    name: 'insertDiplomas',
    text: `insert into diplomas (ref, issuer_code, number, register_number, holder_name, search_name, title, field, awarded, classification, basis,
       number_index, lookup_index, kid, sealed, document_digest, list, idx, duplicate_of, issued_at, leaf_index, request_id, request_seq, holder_number, holder_index, expires_at)
     select * from unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
       $11::smallint[], $12::bytea[], $13::bytea[], $14::bytea[], $15::bytea[], $16::bytea[], $17::int[], $18::int[], $19::bytea[], $20::timestamptz[],
       $21::bigint[], $22::uuid[], $23::int[], $24::bytea[], $25::bytea[], $26::timestamptz[])`,
    values: [
      rows.map(r => r.ref),
      rows.map(r => r.issuerCode),
      rows.map(r => r.number),
      rows.map(r => r.registerNumber),
      rows.map(r => r.holderName),
      rows.map(r => r.searchName),
      rows.map(r => r.title),
      rows.map(r => r.field),
      rows.map(r => r.awarded),
      rows.map(r => r.classification),
      rows.map(r => r.basis),
      rows.map(r => r.numberIndex),
      rows.map(r => r.lookupIndex),
      rows.map(r => r.kid),
      rows.map(r => r.sealed),
      rows.map(r => r.documentDigest),
      rows.map(r => r.list),
      rows.map(r => r.idx),
      rows.map(r => r.duplicateOf),
      rows.map(r => r.issuedAt),
      rows.map(r => r.leafIndex),
      rows.map(r => r.requestId),
      rows.map(r => r.requestSeq),
      rows.map(r => r.holderNumber),
      rows.map(r => r.holderIndex),
      rows.map(r => r.expiresAt),
    ],
  })
}

/** Ends diplomas, with the decision and, for a correction, the one that takes its place. */
export async function endDiplomas(
  tx: Tx,
  ends: readonly { ref: Uint8Array; endedAs: DiplomaEnd; decision?: string | undefined; successor?: Uint8Array | undefined }[],
): Promise<void> {
  if (ends.length === 0) return
  await tx.query(
    `update diplomas d set status = 1, ended_as = e.ended_as, ended_at = now(), decision = e.decision, successor = e.successor
     from unnest($1::bytea[], $2::text[], $3::text[], $4::bytea[]) as e(ref, ended_as, decision, successor) where d.ref = e.ref`,
    [
      ends.map(end => Buffer.from(end.ref)),
      ends.map(end => end.endedAs),
      ends.map(end => end.decision ?? null),
      ends.map(end => (end.successor ? Buffer.from(end.successor) : null)),
    ],
  )
}

/** Remembers the SHA-256 of a signed PDF made of a diploma, so that the file is found by its digest. */
export async function recordFileDigest(db: Db, ref: Uint8Array, digest: Uint8Array): Promise<void> {
  await db.query('insert into diploma_files (digest, ref) values ($1, $2) on conflict do nothing', [Buffer.from(digest), Buffer.from(ref)])
}
