import { createHash, type Hash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import type { Pool } from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { z } from 'zod'
import { AppError } from '../../core/errors.ts'
import { skipSerials } from '../cards/cardsTable.ts'
import { copyOrder, loosenTables, readSequences, setSequence } from '../db/catalogueTable.ts'
import { appliedMigrations } from '../db/migrationsTable.ts'
import { abandonOpenLists } from '../status-lists/abandonOpenLists.ts'

const manifestSchema = z.object({
  v: z.literal(1),
  createdAt: z.iso.datetime(),
  migrations: z.array(z.string()),
  logSize: z.number().int(),
  sequences: z.record(z.string(), z.number()),
  /** SHA-256 of each file before encryption, and its length. */
  files: z.record(z.string(), z.object({ sha256: z.string(), bytes: z.number().int() })),
})

export type BackupManifest = z.infer<typeof manifestSchema>

/** What is backed up: the database and the folder of keys. */
export interface BackupDeps {
  pool: Pool
  /** ANTIN_HOME/keys; null leaves keys out (they are on tokens, or backed up elsewhere). */
  keysDir: string | null
  passphrase: string
}

/**
 * Writes a backup into `dir`, which must be empty: every table by COPY in one snapshot, the keys, and a manifest with the
 * digest of each; all of it age files for a key of this backup, which `identity.age` holds under the passphrase. What fails
 * leaves the folder empty.
 */
export async function backup(deps: BackupDeps, dir: string, progress: (line: string) => void = () => {}): Promise<BackupManifest> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  if ((await readdir(dir)).length > 0) throw new AppError('backup.not-empty', `${dir} is not empty; give a new folder`)
  try {
    return await writeBackup(deps, dir, progress)
  } catch (error) {
    for (const name of await readdir(dir)) await rm(join(dir, name), { recursive: true, force: true })
    throw error
  }
}

async function writeBackup(deps: BackupDeps, dir: string, progress: (line: string) => void): Promise<BackupManifest> {
  const files: BackupManifest['files'] = {}
  const recipient = await newIdentity(dir, deps.passphrase)
  const client = await deps.pool.connect()
  let manifest: BackupManifest
  try {
    await client.query('begin isolation level repeatable read read only')
    await client.query('set local statement_timeout = 0')
    const tables = await copyOrder(client)
    for (const [at, table] of tables.entries()) {
      progress(`table ${at + 1} of ${tables.length}: ${table}`)
      const source = client.query(copyTo(`copy ${table} to stdout (format binary)`))
      files[`${table}.copy`] = await writeEncrypted(source, join(dir, `${table}.copy.age`), recipient)
    }
    const { rows } = await client.query<{ size: number }>('select size from log_head')
    manifest = {
      v: 1,
      createdAt: new Date().toISOString(),
      migrations: (await appliedMigrations(client)).map(one => one.name),
      logSize: rows[0]?.size ?? 0,
      sequences: await readSequences(client),
      files,
    }
    await client.query('commit')
  } finally {
    client.release()
  }
  if (deps.keysDir) {
    for (const path of await filesBelow(deps.keysDir)) {
      const name = `keys/${relative(deps.keysDir, path)}`
      const target = join(dir, `${name}.age`)
      await mkdir(dirname(target), { recursive: true, mode: 0o700 })
      files[name] = await writeEncrypted(createReadStream(path), target, recipient)
    }
  }
  await writeEncrypted(Readable.from([JSON.stringify(manifest)]), join(dir, 'manifest.json.age'), recipient)
  return manifest
}

/**
 * Puts a backup into an empty, migrated database and, with `keysDir`, an empty folder of keys. Every file must have the digest
 * of the manifest, else nothing is kept. The log is left closed: nothing is signed or issued until it was reconciled with
 * tiles and contract, because entries after the backup may be public already.
 */
export async function restore(deps: BackupDeps, dir: string, progress: (line: string) => void = () => {}): Promise<BackupManifest> {
  const decrypter = await openIdentity(dir, deps.passphrase)
  const manifest = await readManifest(dir, decrypter)
  const client = await deps.pool.connect()
  try {
    await client.query('begin')
    await client.query('set local statement_timeout = 0')
    const known = new Set((await appliedMigrations(client)).map(one => one.name))
    const missing = manifest.migrations.filter(name => !known.has(name))
    if (missing.length > 0)
      throw new AppError(
        'backup.version',
        `This version lacks the migration ${missing[0]}; use the version that made the backup or a newer one`,
      )
    const tables = await copyOrder(client)
    for (const table of ['agencies', 'officers', 'log_entries', 'cards']) {
      const { rowCount } = await client.query(`select from ${table} limit 1`)
      if (rowCount !== 0) throw new AppError('backup.not-empty', `The database is not empty (${table}); restore into a new one`)
    }
    // Rows come with all that triggers made of them.
    const tighten = await loosenTables(client, tables)
    // Migrations fill some tables with their one row.
    await client.query(`truncate ${tables.join(', ')}`)
    for (const [at, table] of tables.entries()) {
      const expected = manifest.files[`${table}.copy`]
      if (!expected) continue
      progress(`table ${at + 1} of ${tables.length}: ${table}`)
      const target = client.query(copyFrom(`copy ${table} from stdin (format binary)`))
      await readEncrypted(join(dir, `${table}.copy.age`), decrypter, expected, target)
    }
    await tighten()
    for (const [name, value] of Object.entries(manifest.sequences)) await setSequence(client, name, value)
    await abandonOpenLists(client)
    await skipSerials(client)
    await client.query("update log_head set closed = 'Restored from a backup: run `antin log verify --heal` before anything is issued'")
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  } finally {
    client.release()
  }
  if (deps.keysDir) await restoreKeys(deps.keysDir, dir, decrypter, manifest)
  return manifest
}

async function restoreKeys(keysDir: string, dir: string, decrypter: Decrypter, manifest: BackupManifest): Promise<void> {
  for (const [name, expected] of Object.entries(manifest.files)) {
    if (!name.startsWith('keys/')) continue
    const target = join(keysDir, name.slice('keys/'.length))
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    await readEncrypted(join(dir, `${name}.age`), decrypter, expected, createWriteStream(target, { mode: 0o600, flags: 'wx' }))
  }
}

/** Makes the key of a backup and keeps it under the passphrase; answers its recipient. */
async function newIdentity(dir: string, passphrase: string): Promise<string> {
  const identity = await generateX25519Identity()
  const encrypter = new Encrypter()
  encrypter.setPassphrase(passphrase)
  await writeFile(join(dir, 'identity.age'), await encrypter.encrypt(identity), { mode: 0o600, flag: 'wx', flush: true })
  return identityToRecipient(identity)
}

async function openIdentity(dir: string, passphrase: string): Promise<Decrypter> {
  try {
    const opener = new Decrypter()
    opener.addPassphrase(passphrase)
    const decrypter = new Decrypter()
    decrypter.addIdentity(await opener.decrypt(await readFile(join(dir, 'identity.age')), 'text'))
    return decrypter
  } catch (cause) {
    throw new AppError('backup.unreadable', `${dir} holds no backup that this passphrase opens`, { cause })
  }
}

async function readManifest(dir: string, decrypter: Decrypter): Promise<BackupManifest> {
  try {
    return manifestSchema.parse(JSON.parse(await decrypter.decrypt(await readFile(join(dir, 'manifest.json.age')), 'text')))
  } catch (cause) {
    throw new AppError('backup.unreadable', `The manifest of ${dir} is damaged`, { cause })
  }
}

async function writeEncrypted(source: NodeJS.ReadableStream, path: string, recipient: string): Promise<{ sha256: string; bytes: number }> {
  const measure = measuring()
  const plain = Readable.toWeb(source.pipe(measure.stream)) as unknown as ReadableStream<Uint8Array<ArrayBuffer>>
  source.on('error', error => measure.stream.destroy(error))
  const encrypter = new Encrypter()
  encrypter.addRecipient(recipient)
  const encrypted = await encrypter.encrypt(plain)
  await pipeline(Readable.fromWeb(encrypted as never), createWriteStream(path, { mode: 0o600, flags: 'wx', flush: true }))
  return measure.result()
}

async function readEncrypted(
  path: string,
  decrypter: Decrypter,
  expected: { sha256: string; bytes: number },
  target: NodeJS.WritableStream,
): Promise<void> {
  const measure = measuring()
  const decrypted = await decrypter.decrypt(Readable.toWeb(createReadStream(path)) as never)
  await pipeline(Readable.fromWeb(decrypted as never), measure.stream, target)
  const found = measure.result()
  if (found.sha256 !== expected.sha256 || found.bytes !== expected.bytes)
    throw new AppError('backup.damaged', `${path} is not what the manifest says`)
}

/** A stream that passes bytes on and knows their SHA-256 and number. */
function measuring(): { stream: Transform; result: () => { sha256: string; bytes: number } } {
  const hash: Hash = createHash('sha256')
  let bytes = 0
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  return { stream, result: () => ({ sha256: hash.copy().digest('hex'), bytes }) }
}

async function filesBelow(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
}
