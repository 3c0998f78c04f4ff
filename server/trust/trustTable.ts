import type { Db, Tx } from '../db/transaction.ts'

/** One publication of index and slices. `iat` in seconds, digests 32 bytes. */
export interface Publication {
  epoch: number
  seq: number
  iat: number
  /** Of the index's payload. */
  digest: Buffer
  /** Of what was said, apart from times and numbers. */
  facts: Buffer
}

/** A document as it is served: `path` is `trust-list`, `trust/CODE` or `agency-ca`; `digest` 32 bytes. */
export interface TrustDocument {
  path: string
  body: string
  digest: Buffer
}

/** Serialises publications until the transaction ends. */
export async function lockPublications(tx: Tx): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtext('antin/trust-publications'))")
}

/** The newest publication, or undefined before the first. */
export async function readLastPublication(db: Db): Promise<Publication | undefined> {
  const { rows } = await db.query<Publication>(
    'select epoch, seq, extract(epoch from iat)::bigint as iat, digest, facts from trust_publications order by seq desc limit 1',
  )
  return rows[0]
}

export async function insertPublication(tx: Tx, { epoch, seq, iat, digest, facts }: Publication, leafIndex: number): Promise<void> {
  await tx.query(
    'insert into trust_publications (seq, epoch, iat, digest, facts, leaf_index) values ($1, $2, to_timestamp($3), $4, $5, $6)',
    [seq, epoch, iat, digest, facts, leafIndex],
  )
}

/** Adds root documents that are not there yet. */
export async function insertRoots(tx: Tx, roots: readonly { epoch: number; body: string; digest: Buffer }[]): Promise<void> {
  for (const { epoch, body, digest } of roots) {
    await tx.query('insert into trust_roots (epoch, body, digest) values ($1, $2, $3) on conflict (epoch) do nothing', [
      epoch,
      body,
      digest,
    ])
  }
}

/** The root document of an epoch, or the newest without one; `digest` is that of its payload. */
export async function readRoot(db: Db, epoch?: number): Promise<{ epoch: number; body: string; digest: Buffer } | undefined> {
  const { rows } = await db.query<{ epoch: number; body: string; digest: Buffer }>(
    'select epoch, body, digest from trust_roots where $1::integer is null or epoch = $1 order by epoch desc limit 1',
    [epoch ?? null],
  )
  return rows[0]
}

/** Puts the documents of a publication in place of those before it. Slices of agencies that are gone stay as they were. */
export async function replaceDocuments(tx: Tx, seq: number, at: number, documents: readonly TrustDocument[]): Promise<void> {
  const batch = 500
  for (let from = 0; from < documents.length; from += batch) {
    const part = documents.slice(from, from + batch)
    await tx.query(
      `insert into trust_documents (path, body, digest, seq, published_at)
       select path, body, decode(digest, 'hex'), $4, to_timestamp($5) from unnest($1::text[], $2::text[], $3::text[]) as d (path, body, digest)
       on conflict (path) do update set body = excluded.body, digest = excluded.digest, seq = excluded.seq, published_at = excluded.published_at`,
      [part.map(d => d.path), part.map(d => d.body), part.map(d => d.digest.toString('hex')), seq, at],
    )
  }
}

export async function readDocument(db: Db, path: string): Promise<TrustDocument | undefined> {
  const { rows } = await db.query<TrustDocument>('select path, body, digest from trust_documents where path = $1', [path])
  return rows[0]
}

/** Those of the documents that there are. */
export async function readDocuments(db: Db, paths: readonly string[]): Promise<TrustDocument[]> {
  const { rows } = await db.query<TrustDocument>('select path, body, digest from trust_documents where path = any($1)', [paths])
  return rows
}

/** All slices as they are served. */
export async function readSlices(db: Db): Promise<TrustDocument[]> {
  const { rows } = await db.query<TrustDocument>(
    "select path, body, digest from trust_documents where starts_with(path, 'trust/') order by path",
  )
  return rows
}

/** The newest seq, for those who keep documents in memory; 0 before the first publication. */
export async function readSeq(db: Db): Promise<number> {
  const { rows } = await db.query<{ seq: number }>('select coalesce(max(seq), 0) as seq from trust_publications')
  return rows[0]!.seq
}
