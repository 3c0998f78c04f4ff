import type { Pool } from 'pg'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { vietnamDay } from '../../core/encoding/vietnamDay.ts'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { inTransaction } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { personalNumberIndex } from '../keys/personalNumberIndex.ts'
import { createRequest, type RequestItemDraft, type Warning } from '../requests/createRequest.ts'
import { type DiplomaRow, diplomasByNumber, lockDiplomas } from './diplomasTable.ts'
import { fieldPastQr } from './fieldPastQr.ts'
import { openDiploma } from './readDiploma.ts'
import { numberIndex, numberOf, type ShownDiploma } from './shownDiploma.ts'

export interface DiplomaDeps {
  pool: Pool
  cipher: FieldCipher
}

export interface RequestDiplomasDeps extends DiplomaDeps {
  /** Of the public address: what stands in QR codes. */
  origin: string
}

export interface RequestedDiplomas {
  /** New registrations; null when there are none. */
  requestId: string | null
  requested: number
  /** Corrections of registered ones; null when there are none. */
  correctionId: string | null
  corrections: number
  /** Naming the holders of registered ones; null when there are none. */
  holdersId: string | null
  holders: number
  /** Rows that are registered already, word for word. */
  unchanged: number
  /** `row` is the position in the input, from 0. */
  refused: {
    row: number
    code: 'diploma.duplicate-in-file' | 'diploma.needs-decision' | 'diploma.no-number' | 'qr.too-large'
    field: keyof ShownDiploma
  }[]
}

/**
 * Asks for diplomas to be registered. The same row again changes nothing; other data for a known number become a correction,
 * which needs `decision` (number and date); nothing but another personal number names the holder. With `allowDuplicates` a number that is taken is registered beside the other
 * and flagged for the approver.
 */
export async function requestDiplomas(
  deps: RequestDiplomasDeps,
  input: {
    maker: { sub: string; name: string }
    agency: AgencyCode
    rows: readonly { diploma: ShownDiploma; warnings?: readonly Warning[] }[]
    decision?: string | undefined
    allowDuplicates?: boolean | undefined
    detail?: Record<string, unknown>
  },
): Promise<RequestedDiplomas> {
  const result: RequestedDiplomas = {
    requestId: null,
    requested: 0,
    correctionId: null,
    corrections: 0,
    holdersId: null,
    holders: 0,
    unchanged: 0,
    refused: [],
  }
  const fresh: RequestItemDraft[] = []
  const corrections: RequestItemDraft[] = []
  const holders: RequestItemDraft[] = []
  const seen = new Map<string, ShownDiploma>()
  for (let from = 0; from < input.rows.length; from += 1000) {
    const slice = input.rows.slice(from, from + 1000)
    const indices = slice.map(({ diploma }) => numberIndex(deps.cipher, diploma))
    const known = new Map((await diplomasByNumber(deps.pool, indices)).map(row => [row.numberIndex.toString('hex'), row]))
    for (const [at, { diploma, warnings = [] }] of slice.entries()) {
      const row = from + at
      const key = indices[at]!.toString('hex')
      const earlier = seen.get(key)
      const registered = known.get(key)
      const take = (list: RequestItemDraft[], extra: Partial<ShownDiploma>, more: readonly Warning[], subject?: DiplomaRow) =>
        list.push(draftOf(deps.cipher, { ...diploma, ...extra }, [...warnings, ...more], subject))
      const refuse = (code: RequestedDiplomas['refused'][number]['code'], field: keyof ShownDiploma = 'number') =>
        result.refused.push({ row, code, field })
      const tooLong = await fieldPastQr(deps.origin, diploma)
      if (!numberOf(diploma)) refuse('diploma.no-number')
      else if (tooLong) refuse('qr.too-large', tooLong)
      else if (earlier && sameDiploma(earlier, diploma)) result.unchanged++
      else if (earlier && !input.allowDuplicates) refuse('diploma.duplicate-in-file')
      else if (registered && sameDiploma(shownOf(deps.cipher, registered), diploma)) {
        if (diploma.holderNumber === undefined || sameHolder(deps.cipher, registered, diploma.holderNumber)) result.unchanged++
        else holders.push(holderItem(deps.cipher, registered, diploma.holderNumber))
      } else if (earlier || (registered && input.allowDuplicates))
        take(fresh, { duplicate: true }, [{ code: 'diploma.duplicate-number', field: 'so_hieu' }])
      else if (registered && !input.decision) refuse('diploma.needs-decision')
      else if (registered)
        take(
          corrections,
          {
            ...(diploma.holderNumber ? {} : holderOf(deps.cipher, registered)),
            corrects: encodeBase64url(registered.ref),
            decision: input.decision!,
          },
          [{ code: 'diploma.correction' }],
          registered,
        )
      else take(fresh, {}, [])
      if (!earlier) seen.set(key, diploma)
    }
  }
  await inTransaction(deps.pool, async tx => {
    const common = { agency: input.agency, maker: input.maker }
    const detail = { ...input.detail, unchanged: result.unchanged, left: result.refused.length }
    if (fresh.length > 0)
      result.requestId = await createRequest(tx, deps.cipher, { ...common, kind: 'diploma.register', detail, items: fresh })
    if (corrections.length > 0) {
      result.correctionId = await createRequest(tx, deps.cipher, {
        ...common,
        kind: 'diploma.correct',
        detail,
        reason: input.decision,
        items: corrections,
      })
    }
    if (holders.length > 0)
      result.holdersId = await createRequest(tx, deps.cipher, { ...common, kind: 'diploma.holder', detail, items: holders })
  })
  return { ...result, requested: fresh.length, corrections: corrections.length, holders: holders.length }
}

/**
 * Asks for diplomas to be ended: by refs, or a whole batch by its request. Throws `diploma.not-found`, `diploma.ended.conflict`.
 */
export async function requestDiplomaEnds(
  deps: DiplomaDeps,
  input: {
    maker: { sub: string; name: string }
    agency: AgencyCode
    refs: readonly Uint8Array[]
    reasonCode: 'QUYET_DINH' | 'NHAP_SAI' | 'GIAN_LAN' | 'KHAC'
    decision: string
    reason: string
  },
): Promise<string> {
  return inTransaction(deps.pool, async tx => {
    const rows = await lockDiplomas(tx, input.refs)
    if (rows.length === 0 || rows.length !== new Set(input.refs.map(ref => Buffer.from(ref).toString('hex'))).size)
      throw new AppError('diploma.not-found')
    if (rows.some(row => row.endedAs !== null)) throw new AppError('diploma.ended.conflict')
    return createRequest(tx, deps.cipher, {
      kind: 'diploma.end',
      agency: input.agency,
      maker: input.maker,
      detail: { reasonCode: input.reasonCode, decision: input.decision },
      reason: input.reason,
      items: rows.map(row => ({
        subjectRef: row.ref,
        claims: {
          action: 'end',
          ref: encodeBase64url(row.ref),
          ...shownOf(deps.cipher, row),
          reasonCode: input.reasonCode,
          decision: input.decision,
        },
      })),
    })
  })
}

/**
 * Asks for a registered diploma's holder to be named by personal number (12 digits), or, with undefined, not to be known any more.
 * Throws `diploma.not-found`, `diploma.ended.conflict`.
 */
export async function requestHolder(
  deps: DiplomaDeps,
  input: { maker: { sub: string; name: string }; agency: AgencyCode; ref: Uint8Array; holderNumber: string | undefined },
): Promise<string> {
  return inTransaction(deps.pool, async tx => {
    const [row] = await lockDiplomas(tx, [input.ref])
    if (!row) throw new AppError('diploma.not-found')
    if (row.endedAs !== null) throw new AppError('diploma.ended.conflict')
    const { maker, agency } = input
    return createRequest(tx, deps.cipher, {
      kind: 'diploma.holder',
      agency,
      maker,
      items: [holderItem(deps.cipher, row, input.holderNumber)],
    })
  })
}

function holderItem(cipher: FieldCipher, row: DiplomaRow, holderNumber: string | undefined): RequestItemDraft {
  const claims = { ...shownOf(cipher, row), ref: encodeBase64url(row.ref), ...(holderNumber === undefined ? {} : { holderNumber }) }
  return draftOf(cipher, claims, row.holderNumber ? [{ code: 'diploma.holder-changed', field: 'so_dinh_danh' }] : [], row)
}

function draftOf(
  cipher: FieldCipher,
  claims: ShownDiploma,
  warnings: readonly Warning[],
  subject: DiplomaRow | undefined,
): RequestItemDraft {
  const { holderNumber } = claims
  return {
    subjectRef: subject?.ref,
    personIndex: holderNumber === undefined ? undefined : personalNumberIndex(cipher, holderNumber),
    claims: { ...claims },
    warnings,
  }
}

/** The holder that a row names, as claims have it. */
export function holderOf(cipher: FieldCipher, { holderNumber }: Pick<DiplomaRow, 'holderNumber'>): Pick<ShownDiploma, 'holderNumber'> {
  return holderNumber ? { holderNumber: cipher.open(holderNumber).toString('utf8') } : {}
}

function sameHolder(cipher: FieldCipher, row: DiplomaRow, holderNumber: string): boolean {
  return row.holderIndex?.equals(personalNumberIndex(cipher, holderNumber)) ?? false
}

/** Refs of what a request registered and what is still in force: a batch to withdraw. */
export async function refsOfBatch(deps: DiplomaDeps, requestId: string): Promise<Buffer[]> {
  const { rows } = await deps.pool.query<{ ref: Buffer }>(
    'select ref from diplomas where request_id = $1 and ended_as is null order by request_seq',
    [requestId],
  )
  return rows.map(row => row.ref)
}

/** A registered diploma in the form that approvers see. */
export function shownOf(cipher: FieldCipher, row: DiplomaRow): ShownDiploma {
  const { diploma, exp } = openDiploma(cipher, row).claims
  return {
    issuer: row.issuerCode,
    holderName: diploma.holderName,
    title: diploma.title,
    awarded: diploma.awarded,
    basis: diploma.basis,
    ...(exp === undefined ? {} : { expiresOn: vietnamDay(exp) }),
    ...(diploma.number ? { number: diploma.number } : {}),
    ...(diploma.registerNumber ? { registerNumber: diploma.registerNumber } : {}),
    ...(diploma.birthDate ? { birthDate: diploma.birthDate } : {}),
    ...(diploma.field ? { field: diploma.field } : {}),
    ...(diploma.classification ? { classification: diploma.classification } : {}),
    ...(diploma.institutionThen ? { institutionThen: diploma.institutionThen } : {}),
    ...(diploma.document ? { document: Buffer.from(diploma.document).toString('hex') } : {}),
  }
}

const comparedFields = [
  'issuer',
  'holderName',
  'title',
  'awarded',
  'expiresOn',
  'number',
  'registerNumber',
  'birthDate',
  'field',
  'classification',
  'institutionThen',
  'document',
] as const

function sameDiploma(a: ShownDiploma, b: ShownDiploma): boolean {
  return comparedFields.every(field => a[field] === b[field])
}
