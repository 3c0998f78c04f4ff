import type { Db, Tx } from '../db/transaction.ts'

/** What a card is made from: the officer as they are now. */
export interface PersonForCard {
  id: string
  agencyCode: string
  fullName: string
  position: string
  title: string
  category: string
  photoDigest: Buffer | null
  private: Buffer
  warnings: { code: string; column?: string }[]
  version: number
  leftAt: Date | null
  /** The card that is valid or suspended now. */
  validRef: Buffer | null
  /** Any card, also one that has ended. */
  hadCard: boolean
}

/** Officers for cards, in no order; unknown ids are left out. */
export async function personsForCards(db: Db, ids: readonly string[]): Promise<PersonForCard[]> {
  const { rows } = await db.query<PersonForCard>({
    name: 'personsForCards',
    text: `select o.id, o.agency_code as "agencyCode", o.full_name as "fullName", o.position, o.title, o.category, o.photo_digest as "photoDigest",
       o.private, o.warnings, o.version, o.left_at as "leftAt", c.ref as "validRef",
       exists (select from cards e where e.officer_id = o.id) as "hadCard"
     from officers o left join cards c on c.officer_id = o.id and c.ended_as is null
     where o.id = any($1::uuid[])`,
    values: [ids],
  })
  return rows
}

/** Officers of the agencies without a card, of whom no pending request asks for one, in the order of their ids. */
export async function officersWithoutCard(db: Db, agencies: readonly string[], limit: number): Promise<string[]> {
  // Materialized: planned together, a small agency's people were looked for by walking through those of the whole nation.
  const { rows } = await db.query<{ id: string }>(
    `with people as materialized (select id from officers where agency_code = any($1) and left_at is null)
     select o.id from people o
     where not exists (select from cards c where c.officer_id = o.id and c.ended_as is null)
       and not exists (select from request_items i join requests r on r.id = i.request_id
         where i.officer_id = o.id and i.state in ('pending', 'approved') and r.kind in ('card.issue', 'card.replace') and r.status in ('pending', 'approved', 'running'))
     order by o.id limit $2`,
    [agencies, limit],
  )
  return rows.map(row => row.id)
}

export type EndedAs = 'ended' | 'replaced' | 'error' | 'expired'

export interface CardRow {
  ref: Buffer
  serial: string
  officerId: string
  issuerCode: string
  usingCode: string
  fullName: string
  position: string
  category: string
  kid: Buffer
  sealed: Buffer
  photoDigest: Buffer | null
  list: number
  idx: number
  status: 0 | 1 | 2
  endedAs: EndedAs | null
  endedAt: Date | null
  successor: Buffer | null
  issuedAt: Date
  expiresAt: Date
  leafIndex: number
  requestId: string
}

const cardColumns = `ref, serial, officer_id as "officerId", issuer_code as "issuerCode", using_code as "usingCode", full_name as "fullName",
  position, category, kid, sealed, photo_digest as "photoDigest", list, idx, status, ended_as as "endedAs", ended_at as "endedAt", successor,
  issued_at as "issuedAt", expires_at as "expiresAt", leaf_index as "leafIndex", request_id as "requestId"`

export async function cardBySerial(db: Db, serial: string): Promise<CardRow | null> {
  return one(db, 'serial = $1', serial)
}

export async function cardByRef(db: Db, ref: Uint8Array): Promise<CardRow | null> {
  return one(db, 'ref = $1', Buffer.from(ref))
}

/** `tokenHash` is SHA-256 of the short QR's 16 bytes. */
export async function cardByTokenHash(db: Db, tokenHash: Uint8Array): Promise<CardRow | null> {
  return one(db, 'token_hash = $1', Buffer.from(tokenHash))
}

async function one(db: Db, condition: string, value: unknown): Promise<CardRow | null> {
  const { rows } = await db.query<CardRow>(`select ${cardColumns} from cards where ${condition}`, [value])
  return rows[0] ?? null
}

/** Cards of one person, newest first. */
export async function cardsOfOfficer(db: Db, officerId: string): Promise<CardRow[]> {
  const { rows } = await db.query<CardRow>(`select ${cardColumns} from cards where officer_id = $1 order by issued_at desc`, [officerId])
  return rows
}

export interface CardFilter {
  agencyIn: readonly string[] | null
  /** active: valid now; suspended; ended (any way); expiring: within `expiringDays`. */
  state?: 'active' | 'suspended' | 'ended' | 'expiring' | undefined
  expiringDays?: number | undefined
  /** Start of a serial, or a part of a name without diacritics (lower case). */
  serial?: string | undefined
  before?: { issuedAt: Date; ref: Uint8Array } | undefined
  limit: number
}

/** Newest first. */
export async function listCards(db: Db, filter: CardFilter): Promise<CardRow[]> {
  const { rows } = await db.query<CardRow>(
    `select ${cardColumns} from cards
     where ($1::text[] is null or using_code = any($1))
       and ($2::text is null
         or ($2 = 'active' and ended_as is null and status = 0) or ($2 = 'suspended' and ended_as is null and status = 2)
         or ($2 = 'ended' and ended_as is not null)
         or ($2 = 'expiring' and ended_as is null and expires_at < now() + make_interval(days => $3)))
       and ($4::text is null or starts_with(serial, $4))
       and ($5::timestamptz is null or (issued_at, ref) < ($5, $6::bytea))
     order by issued_at desc, ref desc limit $7`,
    [
      filter.agencyIn,
      filter.state ?? null,
      filter.expiringDays ?? 60,
      filter.serial ?? null,
      filter.before?.issuedAt ?? null,
      filter.before ? Buffer.from(filter.before.ref) : null,
      filter.limit,
    ],
  )
  return rows
}

/** Locks and returns the cards of these serials, in order of their refs. */
export async function lockCards(tx: Tx, serials: readonly string[]): Promise<CardRow[]> {
  const { rows } = await tx.query<CardRow>(`select ${cardColumns} from cards where serial = any($1) order by ref for update`, [serials])
  return rows
}

export async function lockCardsByRef(tx: Tx, refs: readonly Uint8Array[]): Promise<CardRow[]> {
  const { rows } = await tx.query<CardRow>(`select ${cardColumns} from cards where ref = any($1) order by ref for update`, [
    refs.map(ref => Buffer.from(ref)),
  ])
  return rows
}

export type NewCard = Omit<CardRow, 'status' | 'endedAs' | 'endedAt' | 'successor'> & { tokenHash: Buffer; requestSeq: number }

export async function insertCards(tx: Tx, cards: readonly NewCard[]): Promise<void> {
  await tx.query({
    name: 'insertCards',
    text: `insert into cards (ref, serial, officer_id, issuer_code, using_code, full_name, position, category, kid, sealed, token_hash,
       photo_digest, list, idx, issued_at, expires_at, leaf_index, request_id, request_seq)
     select * from unnest($1::bytea[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[], $10::bytea[],
       $11::bytea[], $12::bytea[], $13::int[], $14::int[], $15::timestamptz[], $16::timestamptz[], $17::bigint[], $18::uuid[], $19::int[])`,
    values: [
      cards.map(c => c.ref),
      cards.map(c => c.serial),
      cards.map(c => c.officerId),
      cards.map(c => c.issuerCode),
      cards.map(c => c.usingCode),
      cards.map(c => c.fullName),
      cards.map(c => c.position),
      cards.map(c => c.category),
      cards.map(c => c.kid),
      cards.map(c => c.sealed),
      cards.map(c => c.tokenHash),
      cards.map(c => c.photoDigest),
      cards.map(c => c.list),
      cards.map(c => c.idx),
      cards.map(c => c.issuedAt),
      cards.map(c => c.expiresAt),
      cards.map(c => c.leafIndex),
      cards.map(c => c.requestId),
      cards.map(c => c.requestSeq),
    ],
  })
}

/** Sets the status of cards (0 valid, 1 ended, 2 suspended); an end names how, and the card that takes its place. */
export async function updateStatuses(
  tx: Tx,
  changes: readonly { ref: Uint8Array; status: 0 | 1 | 2; endedAs?: EndedAs; successor?: Uint8Array }[],
): Promise<void> {
  await tx.query(
    `update cards c set status = s.status, ended_as = coalesce(s.ended_as, c.ended_as), successor = coalesce(s.successor, c.successor),
       ended_at = case when s.ended_as is null then c.ended_at else now() end
     from unnest($1::bytea[], $2::smallint[], $3::text[], $4::bytea[]) as s(ref, status, ended_as, successor)
     where c.ref = s.ref`,
    [
      changes.map(change => Buffer.from(change.ref)),
      changes.map(change => change.status),
      changes.map(change => change.endedAs ?? null),
      changes.map(change => (change.successor ? Buffer.from(change.successor) : null)),
    ],
  )
}

/** Ends up to `limit` cards whose last day is over; their status bit stays, the expiry says it. Answers the serials. */
export async function expireCards(db: Db, limit: number): Promise<{ serial: string; usingCode: string }[]> {
  const { rows } = await db.query<{ serial: string; usingCode: string }>(
    `update cards set ended_as = 'expired', ended_at = expires_at
     where ref in (select ref from cards where ended_as is null and expires_at < now() - interval '120 seconds' order by expires_at limit $1 for update skip locked)
     returning serial, using_code as "usingCode"`,
    [limit],
  )
  return rows
}

/** Cards in force that end within `days` and of which no reminder is in the audit yet. */
export async function expiringUnreminded(
  db: Db,
  days: number,
  limit: number,
): Promise<{ serial: string; usingCode: string; expiresAt: Date }[]> {
  const { rows } = await db.query<{ serial: string; usingCode: string; expiresAt: Date }>(
    `select c.serial, c.using_code as "usingCode", c.expires_at as "expiresAt" from cards c
     where c.ended_as is null and c.expires_at < now() + make_interval(days => $1)
       and not exists (select from audit a where a.subject = 'card:' || c.serial and a.action = 'card.expiring')
     order by c.expires_at limit $2`,
    [days, limit],
  )
  return rows
}

/** Takes `count` numbers of a level-1 agency's series of a year; the first of them is answered. */
export async function takeSerials(db: Db, levelOne: string, year: number, count: number): Promise<number> {
  const { rows } = await db.query<{ first: number }>(
    `insert into serial_counters (level_one, year, next) values ($1, $2, 1 + $3)
     on conflict (level_one, year) do update set next = serial_counters.next + $3 returning next - $3 as first`,
    [levelOne, year, count],
  )
  return rows[0]!.first
}

/** Leaves serials out that may have been given away after a backup was made; for the transaction that restores one. */
export async function skipSerials(db: Db): Promise<void> {
  await db.query('update serial_counters set next = least(next + 100000, 9999999)')
}

/** Empties what ended cards of an officer say of the person; `sealed` takes the place of the card. */
export async function eraseEndedCards(tx: Tx, officerId: string, sealed: Buffer): Promise<void> {
  await tx.query(
    "update cards set full_name = '', position = '', sealed = $2, photo_digest = null where officer_id = $1 and ended_as is not null",
    [officerId, sealed],
  )
}
