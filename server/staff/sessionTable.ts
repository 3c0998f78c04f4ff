import type { Db } from '../db/transaction.ts'

/** A message for the next page that a session sees: a text's key and its values. */
export interface Flash {
  kind: 'success' | 'notice' | 'error'
  key: string
  values?: Record<string, string | number>
}

export interface SessionRow {
  idHash: Buffer
  sub: string
  name: string
  roles: string[]
  agencyCode: string
  officerId: string | null
  personIndex: Buffer | null
  csrf: string
  flash: Flash | null
  steppedUpAt: Date | null
  lastSeenAt: Date
  lockedAt: Date | null
  expiresAt: Date
}

export type NewSession = Omit<SessionRow, 'flash' | 'lockedAt'>

export async function insertSession(db: Db, session: NewSession): Promise<void> {
  await db.query(
    `insert into sessions (id_hash, sub, name, roles, agency_code, officer_id, csrf, stepped_up_at, last_seen_at, expires_at, person_index)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      session.idHash,
      session.sub,
      session.name,
      session.roles,
      session.agencyCode,
      session.officerId,
      session.csrf,
      session.steppedUpAt,
      session.lastSeenAt,
      session.expiresAt,
      session.personIndex,
    ],
  )
}

/** The session of this identifier's hash that has not expired; null also when its person has been barred. */
export async function findSession(db: Db, idHash: Buffer, now: Date): Promise<SessionRow | null> {
  const { rows } = await db.query<SessionRow>(
    `select s.id_hash as "idHash", s.sub, s.name, s.roles, s.agency_code as "agencyCode", s.officer_id as "officerId", s.person_index as "personIndex", s.csrf,
       s.flash, s.stepped_up_at as "steppedUpAt", s.last_seen_at as "lastSeenAt", s.locked_at as "lockedAt",
       s.expires_at as "expiresAt"
     from sessions s
     where s.id_hash = $1 and s.expires_at > $2
       and not exists (select 1 from staff p where p.sub = s.sub and p.barred_at is not null)`,
    [idHash, now],
  )
  return rows[0] ?? null
}

export async function touchSession(db: Db, idHash: Buffer, now: Date): Promise<void> {
  await db.query('update sessions set last_seen_at = $2 where id_hash = $1 and locked_at is null', [idHash, now])
}

export async function lockSession(db: Db, idHash: Buffer, now: Date): Promise<void> {
  await db.query('update sessions set locked_at = coalesce(locked_at, $2) where id_hash = $1', [idHash, now])
}

/** Gives a session a new identifier after its person proved again who they are; forms already shown keep their token. */
export async function renewSession(db: Db, oldIdHash: Buffer, session: Omit<NewSession, 'csrf'>): Promise<boolean> {
  const { rowCount } = await db.query(
    `update sessions set id_hash = $2, name = $3, roles = $4, agency_code = $5, officer_id = $6, stepped_up_at = $7,
       last_seen_at = $8, expires_at = $9, person_index = $11, locked_at = null
     where id_hash = $1 and sub = $10`,
    [
      oldIdHash,
      session.idHash,
      session.name,
      session.roles,
      session.agencyCode,
      session.officerId,
      session.steppedUpAt,
      session.lastSeenAt,
      session.expiresAt,
      session.sub,
      session.personIndex,
    ],
  )
  return rowCount === 1
}

export async function deleteSession(db: Db, idHash: Buffer): Promise<void> {
  await db.query('delete from sessions where id_hash = $1', [idHash])
}

export async function deleteSessionsOf(db: Db, sub: string): Promise<void> {
  await db.query('delete from sessions where sub = $1', [sub])
}

export async function deleteExpiredSessions(db: Db, now: Date): Promise<void> {
  await db.query('delete from sessions where expires_at <= $1', [now])
  await db.query("delete from kept_forms where created_at < $1::timestamptz - interval '1 hour'", [now])
}

export async function setFlash(db: Db, idHash: Buffer, flash: Flash | null): Promise<void> {
  await db.query('update sessions set flash = $2 where id_hash = $1', [idHash, flash === null ? null : JSON.stringify(flash)])
}
