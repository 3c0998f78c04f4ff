import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { vietnamDay } from '../../core/encoding/vietnamDay.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { listCards } from '../cards/cardsTable.ts'
import { requestStatusChange } from '../cards/changeStatus.ts'
import { officersToRequest, requestCards } from '../cards/requestCards.ts'
import { readDiplomaSheet } from '../diplomas/diplomaSheet.ts'
import { requestDiplomas } from '../diplomas/requestDiplomas.ts'
import type { ShownDiploma } from '../diplomas/shownDiploma.ts'
import { type ImportKind, readImport } from '../imports/importsTable.ts'
import { startCommit, startImport } from '../imports/startImport.ts'
import type { Installation } from '../installation.ts'
import { approveRequest } from '../requests/decideRequest.ts'
import { pendingDigest, requestById } from '../requests/requestsTable.ts'
import type { Actor } from '../staff/actor.ts'
import type { IsoDate } from '../tables/fields/readDate.ts'

const data = new URL('./data/', import.meta.url)
const agency = 'G09' as AgencyCode
const maker = { sub: 'maker', name: 'Mẫu Lập Hồ Sơ' }
const approver: Actor = { kind: 'person', sub: 'approver', name: 'Mẫu Phê Duyệt', roles: new Set(['approver']), scopes: new Set(), agency }

/** Imports the demonstration's agencies; a worker must be running. */
export async function loadAgencies(installation: Installation): Promise<void> {
  await importFile(installation, 'agencies', 'agencies.csv')
  await installation.agencies.refresh(installation.pool)
}

/** Imports the people and photos, issues their cards, ends one, registers the diplomas; a worker must be running and trust published. */
export async function loadMinistry(installation: Installation, progress: (line: string) => void): Promise<void> {
  const { pool, cipher, clock, config, isRestricted } = installation
  const cardDeps = { pool, cipher, clock, termYears: config.CARD_TERM_YEARS }
  progress('people and photos')
  await importFile(installation, 'officers', 'officers.csv', 'photos.zip')
  progress('cards')
  const officerIds = await officersToRequest(cardDeps, installation.agencies.subtree(agency))
  const cards = await requestCards(cardDeps, { maker, agency, officerIds })
  await approveAndWait(installation, cards.requestId!)
  const [last] = await listCards(pool, { agencyIn: null, state: 'active', limit: 1 })
  const status = {
    action: 'revoke' as const,
    maker,
    agency,
    serials: [last!.serial],
    reasonCode: 'THOI_VIEC' as const,
    reason: 'Mẫu: đã nghỉ việc',
  }
  await approveAndWait(installation, await requestStatusChange({ pool, cipher, isRestricted }, status))
  progress('diplomas')
  const sheet = await readDiplomaSheet(await readFile(new URL('diplomas.csv', data)), {
    agencies: installation.agencies,
    today: vietnamDay(clock()) as IsoDate,
  })
  const rows = sheet.rows
    .filter(row => !row.refused)
    .map(({ values: { agency: issuer, file: _file, ...rest } }) => ({ diploma: { ...rest, issuer } as unknown as ShownDiploma }))
  const diplomas = await requestDiplomas(installation, { maker, agency, rows })
  await approveAndWait(installation, diplomas.requestId!)
}

async function importFile(installation: Installation, kind: ImportKind, name: string, photos?: string): Promise<void> {
  const open = (file: string) => ({ name: file, stream: createReadStream(new URL(file, data)) })
  const id = await startImport(installation, { maker, agency, may: [kind], file: open(name), photos: photos ? open(photos) : undefined })
  await importReaches(installation, id, 'preview')
  await startCommit(installation, id, { onlyGood: true })
  await importReaches(installation, id, 'done')
}

async function importReaches(installation: Installation, id: string, state: 'preview' | 'done'): Promise<void> {
  for (;;) {
    const row = await readImport(installation.pool, id)
    if (row?.state === state) return
    if (!row || row.state === 'failed' || row.state === 'cancelled')
      throw new Error(`The demonstration's import failed: ${row?.failureCode}`)
    await sleep(50)
  }
}

async function approveAndWait({ pool }: Installation, id: string): Promise<void> {
  await approveRequest({ pool }, { actor: approver, id, claimsDigest: await pendingDigest(pool, id), selection: 'all' })
  for (;;) {
    const request = await requestById(pool, id)
    if (request?.status === 'done') {
      if (request.failed > 0) throw new Error(`${request.failed} of ${request.total} items of the demonstration's ${request.kind} failed`)
      return
    }
    await sleep(50)
  }
}
