import { AppError } from '../../core/errors.ts'
import { personalNumberIndex } from '../keys/personalNumberIndex.ts'
import { readOfficersByNumber } from '../officers/officersTable.ts'
import { matchPhotos, type PhotoMatch, type PhotoOwner } from '../photos/matchPhotos.ts'
import { type PreparedPhoto, photoLimits, preparePhoto } from '../photos/preparePhoto.ts'
import { openZipArchive, type ZipArchive, type ZipEntry } from '../tables/zipArchive.ts'
import type { ImportDeps } from './importDeps.ts'
import { importFileReader } from './importFiles.ts'
import { insertImportPhotos, type StoredPhoto } from './importPhotosTable.ts'
import { sealPhoto, sealPhotoName } from './photoContent.ts'

export const photoArchiveLimits = { entries: 120_000, unpackedBytes: 8 * 1024 ** 3, ratio: 200 } as const

const batchSize = 16

/** The archive of an import's photos, its directory judged; null when none was given. Throws `table.zip`, `table.bomb`. */
export async function openPhotoArchive(deps: ImportDeps, importId: string): Promise<ZipArchive | null> {
  const file = await importFileReader(deps, importId, 'photos')
  return file && openZipArchive(file, photoArchiveLimits)
}

/** The archive's files that can be meant as photos. */
export function photoNames(archive: ZipArchive): string[] {
  return [...archive.entries.keys()].filter(name => !/(^|\/)(__MACOSX\/|\.|thumbs\.db$|desktop\.ini$)/i.test(name))
}

/** Matches the photos to rows, or to people in scope who are not in the sheet, prepares each and keeps it beside the import. */
export async function previewPhotos(
  deps: ImportDeps,
  input: {
    importId: string
    archive: ZipArchive
    owners: readonly PhotoOwner<number>[]
    /** Personal numbers in the sheet: their rows decide, not this. */
    numbers: ReadonlySet<string>
    /** People on record, by row, as `owners` keys them. */
    officerOfRow: (seqs: readonly number[]) => Promise<ReadonlyMap<number, string>>
    scope: ReadonlySet<string>
    onProgress: (photos: number) => Promise<void>
  },
): Promise<{ files: number; matched: number; unmatched: number; refused: number }> {
  const matches = matchPhotos(photoNames(input.archive), input.owners)
  const counts = { files: matches.length, matched: 0, unmatched: 0, refused: 0 }
  for (let at = 0; at < matches.length; at += batchSize) {
    const batch = matches.slice(at, at + batchSize)
    const officerOfRow = await input.officerOfRow(batch.flatMap(match => match.owner ?? []))
    const others = await officersOf(deps, batch, input)
    const photos = await Promise.all(
      batch.map(async (match, i): Promise<StoredPhoto> => {
        const prepared = await prepare(input.archive.entries.get(match.name)!)
        const officerId = match.owner === null ? (others.get(match.name) ?? null) : (officerOfRow.get(match.owner) ?? null)
        if ('refusal' in prepared) counts.refused++
        else if (match.owner !== null || officerId !== null) counts.matched++
        else counts.unmatched++
        return {
          seq: at + i + 1,
          rowSeq: match.owner,
          officerId,
          digest: 'refusal' in prepared ? null : prepared.digest,
          refusal: 'refusal' in prepared ? prepared.refusal : null,
          name: sealPhotoName(deps.cipher, {
            name: match.name,
            ...('refusal' in prepared ? {} : { width: prepared.width, height: prepared.height }),
          }),
          sealed: 'refusal' in prepared ? null : sealPhoto(deps.cipher, prepared),
        }
      }),
    )
    await insertImportPhotos(deps.pool, input.importId, photos)
    await input.onProgress(at + batch.length)
  }
  return counts
}

async function prepare(entry: ZipEntry): Promise<PreparedPhoto | { refusal: string }> {
  try {
    if (entry.unpackedBytes > photoLimits.fileBytes) throw new AppError('photo.too-large')
    const parts: Buffer[] = []
    for await (const part of await entry.stream()) parts.push(part as Buffer)
    return await preparePhoto(Buffer.concat(parts))
  } catch (error) {
    return { refusal: error instanceof AppError ? error.code : 'photo.not-image' }
  }
}

async function officersOf(
  deps: ImportDeps,
  batch: readonly PhotoMatch<number>[],
  input: { numbers: ReadonlySet<string>; scope: ReadonlySet<string> },
): Promise<Map<string, string>> {
  const numbers = new Map<string, string>()
  for (const match of batch) {
    const number = /(?:^|\/)(\d{12})\.[a-z0-9]+$/i.exec(match.name)?.[1]
    if (match.owner === null && number && !input.numbers.has(number)) numbers.set(match.name, number)
  }
  if (numbers.size === 0) return new Map()
  const indices = new Map([...numbers].map(([name, number]) => [name, personalNumberIndex(deps.cipher, number)]))
  const records = await readOfficersByNumber(deps.pool, [...indices.values()])
  const found = new Map<string, string>()
  for (const [name, index] of indices) {
    const record = records.find(one => one.personalNumberIndex.equals(index))
    if (record && input.scope.has(record.agencyCode) && !record.leftAt) found.set(name, record.id)
  }
  return found
}
