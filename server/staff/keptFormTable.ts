import { v7 as uuidv7 } from 'uuid'
import type { Db } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'

/** A form sent at a moment when it could not be acted on: where it goes and its fields in order. */
export interface KeptForm {
  path: string
  fields: readonly (readonly [name: string, value: string])[]
}

/** Keeps a form for its person, sealed, for an hour; returns its id. */
export async function keepForm(db: Db, cipher: FieldCipher, sub: string, form: KeptForm, now: Date): Promise<string> {
  const id = uuidv7()
  await db.query('insert into kept_forms (id, sub, path, form, created_at) values ($1, $2, $3, $4, $5)', [
    id,
    sub,
    form.path,
    cipher.seal(JSON.stringify(form.fields)),
    now,
  ])
  return id
}

/** The form that this person left behind within the last hour. */
export async function findKeptForm(db: Db, cipher: FieldCipher, id: string, sub: string, now: Date): Promise<KeptForm | null> {
  const { rows } = await db.query<{ path: string; form: Buffer }>(
    "select path, form from kept_forms where id = $1 and sub = $2 and created_at > $3::timestamptz - interval '1 hour'",
    [id, sub, now],
  )
  const row = rows[0]
  return row ? { path: row.path, fields: JSON.parse(cipher.open(row.form).toString('utf8')) } : null
}

export async function dropKeptForm(db: Db, id: string, sub: string): Promise<void> {
  await db.query('delete from kept_forms where id = $1 and sub = $2', [id, sub])
}
