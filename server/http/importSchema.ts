import { z } from 'zod'
import type { ImportCounts, ImportRow } from '../imports/importsTable.ts'

/** An import as programs read it. */
export const importSchema = z
  .object({
    id: z.uuid(),
    kind: z.enum(['officers', 'agencies']),
    agency: z.string(),
    state: z.enum(['uploading', 'reading', 'preview', 'committing', 'done', 'failed', 'cancelled']),
    fileName: z.string(),
    photosName: z.string().nullable(),
    progress: z.int(),
    total: z.int().describe('0 while unknown'),
    counts: z
      .object({
        rows: z.int(),
        new: z.int(),
        changed: z.int(),
        unchanged: z.int(),
        repeated: z.int(),
        refused: z.int(),
        foreign: z.int().describe('Rows of another agency: not written'),
        warned: z.int(),
        repaired: z.int(),
        absent: z.int().describe('People of these agencies who are not in the file: nothing happens to them'),
        photos: z.object({ files: z.int(), matched: z.int(), unmatched: z.int(), refused: z.int(), new: z.int(), missing: z.int() }),
      })
      .nullable(),
    columns: z
      .array(
        z.object({
          sheet: z.string(),
          headerRow: z.int().optional(),
          headers: z.array(z.string()).optional(),
          columns: z.record(z.string(), z.string()).optional(),
          unknown: z.array(z.string()).optional(),
          missing: z.array(z.string()).optional(),
          hidden: z.literal(true).optional().describe('A hidden sheet is not read'),
        }),
      )
      .nullable(),
    onlyGood: z.boolean().nullable(),
    failure: z.object({ code: z.string(), detail: z.string().nullable() }).nullable(),
    requestId: z.uuid().nullable().describe('Of agencies: where a second administrator decides on what was imported'),
    maker: z.string(),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Import' })

/** The row of the table in the words of `importSchema`. */
export function presentImport(row: ImportRow): z.input<typeof importSchema> {
  return {
    id: row.id,
    kind: row.kind,
    agency: row.agencyCode,
    state: row.state,
    fileName: row.fileName,
    photosName: row.photosName,
    progress: row.progress,
    total: row.total,
    counts: 'rows' in row.counts ? (row.counts as ImportCounts) : null,
    columns: row.columns,
    onlyGood: row.onlyGood,
    failure: row.failureCode === null ? null : { code: row.failureCode, detail: row.failureDetail },
    requestId: row.requestId,
    maker: row.makerName,
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
  }
}
