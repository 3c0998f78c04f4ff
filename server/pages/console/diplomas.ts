import type { Response } from 'express'
import { isPartialDate } from '../../../core/credential/partialDate.ts'
import { vietnamDay } from '../../../core/encoding/vietnamDay.ts'
import { AppError } from '../../../core/errors.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { readAudit } from '../../audit/auditTable.ts'
import { digestFiles } from '../../diplomas/diplomaFiles.ts'
import { readDiplomaSheet } from '../../diplomas/diplomaSheet.ts'
import { diplomaByRef, listDiplomas } from '../../diplomas/diplomasTable.ts'
import { readDiploma } from '../../diplomas/readDiploma.ts'
import { type RequestedDiplomas, refsOfBatch, requestDiplomaEnds, requestDiplomas, shownOf } from '../../diplomas/requestDiplomas.ts'
import type { ShownDiploma } from '../../diplomas/shownDiploma.ts'
import { readMultipart } from '../../http/multipart.ts'
import { readBatch, titlesOfBatch } from '../../overview/batchTable.ts'
import { requestById } from '../../requests/requestsTable.ts'
import type { Actor } from '../../staff/actor.ts'
import { holds } from '../../staff/authorize.ts'
import type { IsoDate } from '../../tables/fields/readDate.ts'
import { findingSentence, severityOf } from '../../tables/finding.ts'
import { searchName } from '../../tables/searchName.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, fieldsOf, inScope, type PageDeps, whoOf } from './routes.ts'
import { attempt, checkCsrf, problemKey, redirectWith } from './shell.ts'

const refForm = /^[\w-]{22}$/
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const pageSize = 50
const sheetLimits = { fileBytes: 200 * 1024 * 1024, files: 200 }
const endReasons = ['QUYET_DINH', 'NHAP_SAI', 'GIAN_LAN', 'KHAC'] as const
const bases = [0, 1, 2, 3] as const

type Fault = { field: string; text: string }

/** The register of diplomas: search, one, register one or many, correct, revoke, a batch's minutes and its withdrawal. */
export function diplomaPages(deps: PageDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

  const list = async (res: Response, actor: Actor, values: { query: string; state: string }, after: string) => {
    const [at, ref] = after.split('~')
    const before =
      at && ref && Number.isFinite(Number(at)) ? { issuedAt: new Date(Number(at)), ref: Buffer.from(ref, 'base64url') } : undefined
    const rows = await listDiplomas(deps.pool, {
      agencyIn: agenciesOf(deps.tree, actor),
      // Letters are looked for in names without diacritics; a number keeps its signs.
      query: values.query === '' ? undefined : /\d/.test(values.query) ? values.query : searchName(values.query),
      ended: values.state === 'ended' ? true : values.state === 'active' ? false : undefined,
      before,
      limit: pageSize + 1,
    })
    const shown = rows.slice(0, pageSize)
    const last = rows.length > pageSize ? shown.at(-1)! : null
    render(res, 'console/diplomas', {
      diplomas: shown,
      values,
      first: before !== undefined,
      next: last ? `${last.issuedAt.getTime()}~${last.ref.toString('base64url')}` : null,
      mayRegister: holds(actor, 'diplomas.register'),
    })
  }

  pages.get('/diplomas', 'diplomas.read', (_req, res, actor) => list(res, actor, { query: '', state: '' }, ''))
  pages.post('/diplomas', 'diplomas.read', (req, res, actor) => {
    const { query = '', state = '', after = '' } = fieldsOf(req)
    return list(res, actor, { query: query.slice(0, 100), state }, after)
  })

  const showForm = (
    res: Response,
    actor: Actor,
    values: Record<string, string>,
    errors: readonly Fault[],
    corrected: string | null = null,
  ) => render(res, 'console/diploma-register', { values, errors, agencies: agenciesOf(deps.tree, actor), bases, corrected })

  pages.get('/diplomas/register', 'diplomas.register', (_req, res, actor) => showForm(res, actor, { agency: actor.agency, basis: '0' }, []))

  pages.post('/diplomas/register', 'diplomas.register', async (req, res, actor) => {
    const fields = fieldsOf(req)
    const t = res.locals.t as Translate
    const corrected = fields.corrects && refForm.test(fields.corrects) ? fields.corrects : null
    const errors = faultsOf(fields, t)
    if (corrected && !fields.decision) errors.push({ field: 'decision', text: t('diplomas.decisionMissing') })
    const agencies = agenciesOf(deps.tree, actor)
    if (!agencies.some(code => code === fields.agency)) errors.push({ field: 'agency', text: t('agency.parentMissing') })
    if (errors.length > 0) return showForm(res.status(422), actor, fields, errors, corrected)
    const made = await requestDiplomas(deps, {
      maker: whoOf(actor),
      agency: fields.agency as AgencyCode,
      rows: [{ diploma: diplomaOf(fields) }],
      decision: fields.decision || undefined,
      allowDuplicates: fields.allowDuplicate === 'yes',
    })
    const [refused] = made.refused
    if (refused) {
      const field = refused.code === 'diploma.needs-decision' ? 'decision' : 'number'
      return showForm(res.status(409), actor, fields, [{ field, text: t(`problem.${refused.code}`) }], corrected)
    }
    if (made.requestId === null && made.correctionId === null)
      return redirectWith(deps, req, res, '/console/diplomas', { kind: 'notice', key: 'diplomas.unchanged' })
    const id = made.requestId ?? made.correctionId
    await redirectWith(deps, req, res, `/console/requests/${id}`, {
      key: made.correctionId ? 'diplomas.correctionMade' : 'diplomas.requestMade',
    })
  })

  pages.post('/diplomas/register/sheet', 'diplomas.register', async (req, res, actor) => {
    const form = await readMultipart(req, sheetLimits)
    const t = res.locals.t as Translate
    try {
      checkCsrf(req, form.fields.get('_csrf'))
      const values = { agency: actor.agency as string, basis: '0', sheetDecision: form.fields.get('sheetDecision') ?? '' }
      const sheet = form.files.get('sheet')?.[0]
      if (!sheet || sheet.bytes === 0)
        return showForm(res.status(422), actor, values, [{ field: 'sheet', text: t('diplomas.sheetMissing') }])
      const files = (form.files.get('files') ?? []).filter(file => file.bytes > 0)
      const digests = await digestFiles(files)
      const read = await readDiplomaSheet(await sheet.read(), {
        agencies: deps.tree,
        today: vietnamDay(deps.clock()) as IsoDate,
        ...(digests.size > 0 ? { files: new Set(digests.keys()) } : {}),
      })
      const good = read.rows.filter(row => !row.refused && isOurs(actor, row.values.agency))
      const foreign = read.rows.filter(row => !row.refused && !isOurs(actor, row.values.agency))
      const made = await requestDiplomas(deps, {
        maker: whoOf(actor),
        agency: agencyOfRows(
          good.map(row => row.values.agency!),
          actor,
        ),
        decision: form.fields.get('sheetDecision') || undefined,
        allowDuplicates: form.fields.get('allowDuplicates') === 'yes',
        detail: { rows: read.counts.rows, refusedRows: read.counts.refused, foreignRows: foreign.length, sheet: sheet.name.slice(0, 120) },
        rows: good.map(({ values: { agency, file, ...rest }, findings }) => ({
          diploma: { ...rest, issuer: agency!, ...(file && digests.has(file) ? { document: digests.get(file)! } : {}) } as ShownDiploma,
          warnings: findings.filter(one => severityOf(one.code) !== 'refused').map(({ code, column }) => ({ code, field: column })),
        })),
      })
      const lang = res.locals.lang as 'vi' | 'en'
      const refused = [
        ...read.rows
          .filter(row => row.refused)
          .flatMap(row =>
            row.findings
              .filter(one => severityOf(one.code) === 'refused')
              .map(one => ({ row: row.row, name: row.values.holderName ?? '', text: findingSentence(one, lang) })),
          ),
        ...foreign.map(row => ({ row: row.row, name: row.values.holderName ?? '', text: t('import.outcome.foreign') })),
        ...made.refused.map(one => ({
          row: good[one.row]!.row,
          name: good[one.row]!.values.holderName ?? '',
          text: t(`problem.${one.code}`),
        })),
      ].sort((a, b) => a.row - b.row)
      showSheetResult(res, made, refused, read.counts)
    } catch (error) {
      if (!(error instanceof AppError) || error.code.startsWith('auth.')) throw error
      showForm(res.status(422), actor, { agency: actor.agency, basis: '0' }, [
        { field: 'sheet', text: t(problemKey(error.code), { detail: error.detail }) },
      ])
    } finally {
      await form.discard()
    }
  })

  const showSheetResult = (res: Response, made: RequestedDiplomas, refused: readonly object[], counts: object) =>
    render(res, 'console/diploma-sheet-result', { made, refused, counts })

  const isOurs = (actor: Actor, agency: string | undefined) =>
    agency !== undefined && (agency === actor.agency || deps.tree.inSubtree(agency, actor.agency))

  pages.get('/diplomas/batches/:id', ['diplomas.read', 'requests.read'], async (req, res, actor) => {
    const request = await findBatch(String(req.params.id), actor)
    const [batch, titles] = await Promise.all([readBatch(deps.pool, request.id), titlesOfBatch(deps.pool, request.id)])
    render(res, 'console/diploma-batch', {
      request,
      batch,
      titles,
      mayEnd: holds(actor, 'diplomas.register'),
      values: {},
      errors: [],
      endReasons,
    })
  })

  pages.post('/diplomas/batches/:id/withdraw', 'diplomas.register', async (req, res, actor) => {
    const request = await findBatch(String(req.params.id), actor)
    const t = res.locals.t as Translate
    const fields = fieldsOf(req)
    const errors = endFaults(fields, t)
    if (errors.length > 0) {
      const [batch, titles] = await Promise.all([readBatch(deps.pool, request.id), titlesOfBatch(deps.pool, request.id)])
      return render(res.status(422), 'console/diploma-batch', { request, batch, titles, mayEnd: true, values: fields, errors, endReasons })
    }
    await attempt(deps, req, res, `/console/diplomas/batches/${request.id}`, async () => {
      const id = await requestDiplomaEnds(deps, {
        maker: whoOf(actor),
        agency: request.agencyCode as AgencyCode,
        refs: await refsOfBatch(deps, request.id),
        reasonCode: endReasons.find(code => code === fields.reasonCode)!,
        decision: fields.decision!,
        reason: fields.reason ?? '',
      })
      await redirectWith(deps, req, res, `/console/requests/${id}`, { key: 'diplomas.endMade' })
    })
  })

  pages.get('/diplomas/:ref', 'diplomas.read', async (req, res, actor) => {
    const diploma = await find(String(req.params.ref), actor)
    const successor = diploma.successor ? await diplomaByRef(deps.pool, diploma.successor) : null
    const history = await readAudit(deps.pool, { subject: `diploma:${diploma.ref.toString('base64url')}`, limit: 50 })
    render(res, 'console/diploma', {
      diploma,
      claims: diploma.claims.diploma,
      successor,
      history,
      mayChange: holds(actor, 'diplomas.register'),
    })
  })

  pages.get('/diplomas/:ref/correct', 'diplomas.register', async (req, res, actor) => {
    const diploma = await find(String(req.params.ref), actor)
    if (diploma.endedAs !== null) throw new AppError('diploma.ended.conflict')
    const shown = shownOf(deps.cipher, diploma)
    const values = Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, String(value)]))
    showForm(res, actor, { ...values, agency: shown.issuer, basis: String(shown.basis) }, [], diploma.ref.toString('base64url'))
  })

  pages.get('/diplomas/:ref/end', 'diplomas.register', async (req, res, actor) => {
    render(res, 'console/diploma-end', { diploma: await find(String(req.params.ref), actor), values: {}, errors: [], endReasons })
  })

  pages.post('/diplomas/:ref/end', 'diplomas.register', async (req, res, actor) => {
    const diploma = await find(String(req.params.ref), actor)
    const fields = fieldsOf(req)
    const errors = endFaults(fields, res.locals.t as Translate)
    if (errors.length > 0) return render(res.status(422), 'console/diploma-end', { diploma, values: fields, errors, endReasons })
    await attempt(deps, req, res, `/console/diplomas/${diploma.ref.toString('base64url')}`, async () => {
      const id = await requestDiplomaEnds(deps, {
        maker: whoOf(actor),
        agency: diploma.issuerCode as AgencyCode,
        refs: [diploma.ref],
        reasonCode: endReasons.find(code => code === fields.reasonCode)!,
        decision: fields.decision!,
        reason: fields.reason ?? '',
      })
      await redirectWith(deps, req, res, `/console/requests/${id}`, { key: 'diplomas.endMade' })
    })
  })

  const find = async (ref: string, actor: Actor) => {
    if (!refForm.test(ref)) throw new AppError('diploma.not-found')
    const diploma = await readDiploma(deps.pool, deps.cipher, Buffer.from(ref, 'base64url'))
    inScope(deps.tree, actor, diploma.issuerCode)
    return diploma
  }

  const findBatch = async (id: string, actor: Actor) => {
    const request = uuid.test(id) ? await requestById(deps.pool, id) : null
    if (!request?.kind.startsWith('diploma.')) throw new AppError('request.not-found')
    inScope(deps.tree, actor, request.agencyCode)
    return request
  }

  return pages
}

/** What is wrong with the fields of one diploma. */
function faultsOf(fields: Record<string, string>, t: Translate): Fault[] {
  const faults: Fault[] = []
  const needs = (field: string, max: number) => {
    if (!fields[field]) faults.push({ field, text: t('form.required') })
    else if (fields[field].length > max) faults.push({ field, text: t('form.tooLong', { count: max }) })
  }
  needs('holderName', 100)
  needs('title', 160)
  if (!fields.number && !fields.registerNumber) faults.push({ field: 'number', text: t('diplomas.numberMissing') })
  for (const field of ['number', 'registerNumber'] as const)
    if ((fields[field] ?? '').length > 40) faults.push({ field, text: t('form.tooLong', { count: 40 }) })
  if (!isPartialDate(isoDate(fields.awarded ?? ''))) faults.push({ field: 'awarded', text: t('diplomas.dateWrong') })
  if (fields.birthDate && !isPartialDate(isoDate(fields.birthDate))) faults.push({ field: 'birthDate', text: t('diplomas.dateWrong') })
  if (fields.document && !/^[0-9a-f]{64}$/.test(fields.document)) faults.push({ field: 'document', text: t('diplomas.digestWrong') })
  return faults
}

/** A day, month or year as written here (`23/08/1990`, `08/1990`, `1990`) or as ISO, in the form that credentials hold. */
function isoDate(text: string): string {
  const parts = /^(?:(?:(\d{1,2})[/.-])?(\d{1,2})[/.-])?(\d{4})$/.exec(text.trim())
  if (!parts) return text.trim()
  return [parts[3], parts[2], parts[1]]
    .filter(part => part !== undefined)
    .map(part => part.padStart(2, '0'))
    .join('-')
}

function diplomaOf(fields: Record<string, string>): ShownDiploma {
  const optional = (name: string, value: string | undefined) => (value ? { [name]: value.normalize('NFC') } : {})
  return {
    issuer: fields.agency!,
    holderName: fields.holderName!.normalize('NFC'),
    title: fields.title!.normalize('NFC'),
    awarded: isoDate(fields.awarded!),
    basis: bases.find(basis => String(basis) === fields.basis) ?? 0,
    ...optional('number', fields.number),
    ...optional('registerNumber', fields.registerNumber),
    ...optional('birthDate', fields.birthDate && isoDate(fields.birthDate)),
    ...optional('field', fields.field),
    ...optional('classification', fields.classification),
    ...optional('institutionThen', fields.institutionThen),
    ...optional('document', fields.document),
  }
}

function endFaults(fields: Record<string, string>, t: Translate): Fault[] {
  const faults: Fault[] = []
  if (!endReasons.some(code => code === fields.reasonCode)) faults.push({ field: 'reasonCode', text: t('card.change.reasonMissing') })
  if (!fields.decision) faults.push({ field: 'decision', text: t('diplomas.decisionMissing') })
  else if (fields.decision.length > 200) faults.push({ field: 'decision', text: t('form.tooLong', { count: 200 }) })
  if ((fields.reason ?? '').length > 1000) faults.push({ field: 'reason', text: t('form.tooLong', { count: 1000 }) })
  return faults
}

function agencyOfRows(codes: readonly string[], actor: Actor): AgencyCode {
  const all = new Set(codes)
  return (all.size === 1 ? codes[0] : actor.agency) as AgencyCode
}
