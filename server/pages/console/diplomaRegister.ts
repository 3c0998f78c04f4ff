import type { Response } from 'express'
import { vietnamDay } from '../../../core/encoding/vietnamDay.ts'
import { AppError } from '../../../core/errors.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { diplomaColumnOf } from '../../diplomas/diplomaColumnOf.ts'
import { diplomaColumns } from '../../diplomas/diplomaColumns.ts'
import { digestFiles, documentOf, unusedFiles } from '../../diplomas/diplomaFiles.ts'
import { readDiplomaSheet } from '../../diplomas/diplomaSheet.ts'
import { type RequestDiplomasDeps, type RequestedDiplomas, requestDiplomas, shownOf } from '../../diplomas/requestDiplomas.ts'
import type { ShownDiploma } from '../../diplomas/shownDiploma.ts'
import { readMultipart } from '../../http/multipart.ts'
import type { Actor } from '../../staff/actor.ts'
import type { IsoDate } from '../../tables/fields/readDate.ts'
import { findingSentence, severityOf } from '../../tables/finding.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { bases, diplomaFaults, diplomaOf, type Fault } from './diplomaForm.ts'
import { diplomaOfPath } from './diplomaOfPath.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, fieldsOf, type PageDeps, whoOf } from './routes.ts'
import { checkCsrf, problemKey, redirectWith } from './shell.ts'

const refForm = /^[\w-]{22}$/
const sheetLimits = { fileBytes: 200 * 1024 * 1024, files: 200 }

/** Asking for diplomas to be registered, one or a sheet of them, or corrected. */
export function diplomaRegisterPages(deps: PageDeps & RequestDiplomasDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

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
    const errors = diplomaFaults(fields, t)
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
      const field = refused.code === 'diploma.needs-decision' ? 'decision' : refused.field
      return showForm(res.status(409), actor, fields, [{ field, text: refusalText(refused, t) }], corrected)
    }
    const id = made.requestId ?? made.correctionId ?? made.holdersId
    if (id === null) return redirectWith(deps, req, res, '/console/diplomas', { kind: 'notice', key: 'diplomas.unchanged' })
    await redirectWith(deps, req, res, `/console/requests/${id}`, {
      key: made.correctionId ? 'diplomas.correctionMade' : made.holdersId ? 'diplomas.holderMade' : 'diplomas.requestMade',
    })
  })

  pages.upload('/diplomas/register/sheet', 'diplomas.register', async (req, res, actor) => {
    const form = await readMultipart(req, sheetLimits)
    const t = res.locals.t as Translate
    const kept = (name: string) => form.fields.get(name) ?? ''
    const values = { agency: actor.agency, basis: '0', sheetDecision: kept('sheetDecision'), allowDuplicates: kept('allowDuplicates') }
    try {
      checkCsrf(req, form.fields.get('_csrf'))
      const sheet = form.files.get('sheet')?.[0]
      if (!sheet || sheet.bytes === 0)
        return showForm(res.status(422), actor, values, [{ field: 'sheet', text: t('diplomas.sheetMissing') }])
      const files = (form.files.get('files') ?? []).filter(file => file.bytes > 0)
      const digests = await digestFiles(files)
      const read = await readDiplomaSheet(await sheet.read(), {
        agencies: deps.tree,
        today: vietnamDay(deps.clock()) as IsoDate,
        files: digests,
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
          diploma: { ...rest, issuer: agency!, ...documentOf(digests, file) } as ShownDiploma,
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
          text: refusalText(one, t),
        })),
      ].sort((a, b) => a.row - b.row)
      render(res, 'console/diploma-sheet-result', {
        made,
        refused,
        counts: read.counts,
        sheets: read.sheets,
        unused: unusedFiles(digests, read.rows),
      })
    } catch (error) {
      if (!(error instanceof AppError) || error.code.startsWith('auth.')) throw error
      const names = diplomaColumns.filter(column => column.required).map(column => column.name)
      const missing = error.code === 'import.columns' && t('diplomas.columnsMissing', { names: names.join(', ') })
      showForm(res.status(422), actor, values, [{ field: 'sheet', text: missing || t(problemKey(error.code), { detail: error.detail }) }])
    } finally {
      await form.discard()
    }
  })

  const isOurs = (actor: Actor, agency: string | undefined) =>
    agency !== undefined && (agency === actor.agency || deps.tree.inSubtree(agency, actor.agency))

  pages.get('/diplomas/:ref/correct', 'diplomas.register', async (req, res, actor) => {
    const diploma = await diplomaOfPath(deps, req, actor)
    if (diploma.endedAs !== null) throw new AppError('diploma.ended.conflict')
    const shown = shownOf(deps.cipher, diploma)
    const values = Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, String(value)]))
    showForm(res, actor, { ...values, agency: shown.issuer, basis: String(shown.basis) }, [], diploma.ref.toString('base64url'))
  })

  return pages
}

function agencyOfRows(codes: readonly string[], actor: Actor): AgencyCode {
  const all = new Set(codes)
  return (all.size === 1 ? codes[0] : actor.agency) as AgencyCode
}

function refusalText({ code, field }: RequestedDiplomas['refused'][number], t: Translate): string {
  return t(`problem.${code}`, { field: t(`field.${diplomaColumnOf[field] ?? field}`) })
}
