import { hash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'

const folder = new URL('./migrations/', import.meta.url)

export interface Migration {
  readonly name: string
  readonly sql: string
  /** SHA-256 of the text. */
  readonly digest: Buffer
}

/** The migrations that this version brings, in the order of their numbers. */
export async function readMigrations(): Promise<Migration[]> {
  const names = (await readdir(folder)).filter(name => /^\d{4}_[a-z0-9_]+\.sql$/.test(name)).sort()
  return Promise.all(
    names.map(async name => {
      const sql = await readFile(new URL(name, folder), 'utf8')
      return { name, sql, digest: hash('sha256', sql, 'buffer') }
    }),
  )
}
