import { readFileSync } from 'node:fs'
import type { Pool } from 'pg'
import { type AgencyTree, loadAgencyTree } from '../../server/agencies/agencyTree.ts'
import { commitImport } from '../../server/imports/commitImport.ts'
import type { ImportDeps } from '../../server/imports/importDeps.ts'
import { type ImportRow, readImport } from '../../server/imports/importsTable.ts'
import { readImportFile } from '../../server/imports/readImportFile.ts'
import { startCommit, startImport } from '../../server/imports/startImport.ts'
import { migrateJobs } from '../../server/jobs/worker.ts'
import type { FieldCipher } from '../../server/keys/fieldCipher.ts'

export const maker = { sub: 'maker', name: 'Người lập' }

/** What imports use, on a database whose job tables exist; jobs are run by hand. */
export async function importDeps(pool: Pool, cipher: FieldCipher): Promise<ImportDeps & { agencies: AgencyTree }> {
  await migrateJobs(pool)
  return { pool, cipher, agencies: await loadAgencyTree(pool), clock: () => Date.parse('2026-11-21T00:00:00Z') / 1000 }
}

/** Uploads and reads a file as the worker would; answers the import in the state it came to. */
export async function preview(
  deps: ImportDeps,
  file: Buffer | string,
  options: { agency?: string; photos?: Buffer; mapping?: Record<string, string> } = {},
): Promise<ImportRow> {
  const id = await startImport(deps, {
    maker,
    agency: options.agency ?? 'G09',
    may: ['officers', 'agencies'],
    file: { name: 'sheet', stream: pieces(typeof file === 'string' ? readFileSync(file) : file) },
    ...(options.photos ? { photos: { name: 'photos.zip', stream: pieces(options.photos) } } : {}),
    ...(options.mapping ? { mapping: options.mapping } : {}),
  })
  await readImportFile(deps, id)
  return (await readImport(deps.pool, id))!
}

/** Commits a previewed import as the worker would. */
export async function commit(deps: ImportDeps, id: string, onlyGood = false): Promise<ImportRow> {
  await startCommit(deps, id, { onlyGood })
  await commitImport(deps, id)
  return (await readImport(deps.pool, id))!
}

/** A CSV sheet in UTF-8. */
export function csv(...rows: (string | number)[][]): Buffer {
  return Buffer.from(rows.map(row => row.map(cell => `"${String(cell).replaceAll('"', '""')}"`).join(',')).join('\r\n'))
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_000) yield bytes.subarray(at, at + 65_000)
}
