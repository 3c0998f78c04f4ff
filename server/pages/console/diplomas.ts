import type { Response } from 'express'
import { AppError } from '../../../core/errors.ts'
import { maskPersonalNumber } from '../../../core/identity/maskPersonalNumber.ts'
import { readAudit, recordAudit } from '../../audit/auditTable.ts'
import { diplomaSearch } from '../../diplomas/diplomaSearch.ts'
import { diplomaByRef, listDiplomas } from '../../diplomas/diplomasTable.ts'
import type { OpenedDiploma } from '../../diplomas/readDiploma.ts'
import { holderOf } from '../../diplomas/requestDiplomas.ts'
import { type StampDeps, stampDiploma } from '../../diplomas/stampDiploma.ts'
import { readMultipart } from '../../http/multipart.ts'
import type { Actor } from '../../staff/actor.ts'
import { holds } from '../../staff/authorize.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import type { Fault } from './diplomaForm.ts'
import { diplomaOfPath } from './diplomaOfPath.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, fieldsOf, href, type PageDeps, queryOf } from './routes.ts'
import { openSearch, sealSearch } from './sealedSearch.ts'
import { checkCsrf, problemKey } from './shell.ts'

const pageSize = 50
const maxStampedFile = 60 * 1024 * 1024

export type DiplomaPagesDeps = PageDeps & StampDeps

/** The register of diplomas: search it, look at one, make the stamped copy of its file. */
export function diplomaPages(deps: DiplomaPagesDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

  const list = async (res: Response, actor: Actor, values: { query: string; state: string }, after: string) => {
    const [at, ref] = after.split('~')
    const before =
      at && ref && Number.isFinite(Number(at)) ? { issuedAt: new Date(Number(at)), ref: Buffer.from(ref, 'base64url') } : undefined
    const rows = await listDiplomas(deps.pool, {
      agencyIn: agenciesOf(deps.tree, actor),
      ...diplomaSearch(deps.cipher, values.query),
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

  pages.get('/diplomas', 'diplomas.read', (req, res, actor) => {
    const { query = '', state = '', after = '' } = openSearch(deps.cipher, actor.sub, queryOf(req, 's'))
    return list(res, actor, { query, state }, after)
  })
  pages.post('/diplomas', 'diplomas.read', (req, res, actor) => {
    const { query = '', state = '', after = '' } = fieldsOf(req)
    const asked = { query: query.slice(0, 100), state: state.slice(0, 20), after: after.slice(0, 100) }
    res.redirect(303, href('/console/diplomas', { s: sealSearch(deps.cipher, actor.sub, asked) }))
  })

  const show = async (res: Response, actor: Actor, diploma: OpenedDiploma, errors: readonly Fault[] = []) => {
    const successor = diploma.successor ? await diplomaByRef(deps.pool, diploma.successor) : null
    const history = await readAudit(deps.pool, { subject: `diploma:${diploma.ref.toString('base64url')}`, limit: 50 })
    render(res, 'console/diploma', {
      diploma,
      claims: diploma.claims.diploma,
      successor,
      history,
      errors,
      holderNumber: maskPersonalNumber(holderOf(deps.cipher, diploma).holderNumber ?? ''),
      mayChange: holds(actor, 'diplomas.register'),
    })
  }

  pages.get('/diplomas/:ref', 'diplomas.read', async (req, res, actor) => show(res, actor, await diplomaOfPath(deps, req, actor)))

  pages.upload('/diplomas/:ref/stamped-copy', 'diplomas.read', async (req, res, actor) => {
    const form = await readMultipart(req, { fileBytes: maxStampedFile, files: 1 })
    try {
      checkCsrf(req, form.fields.get('_csrf'))
      const diploma = await diplomaOfPath(deps, req, actor)
      const t = res.locals.t as Translate
      const fault = (text: string) => show(res.status(422), actor, diploma, [{ field: 'file', text }])
      const file = form.files.get('file')?.[0]
      if (!file || file.bytes === 0) return await fault(t('diplomas.stampMissing'))
      const copy = await stampDiploma(deps, diploma, await file.read()).catch(error => {
        if (error instanceof AppError && ['diploma.other-file', 'pdf.encrypted', 'pdf.syntax'].includes(error.code)) return error.code
        throw error
      })
      if (typeof copy === 'string') return await fault(t(problemKey(copy)))
      await recordAudit(deps.pool, {
        actor,
        action: 'diploma.stamped',
        agency: diploma.issuerCode,
        subject: `diploma:${diploma.ref.toString('base64url')}`,
      })
      const filename = `ban-sao-${diploma.ref.toString('base64url').slice(0, 8)}.pdf`
      res.type('application/pdf').set('Content-Disposition', `attachment; filename="${filename}"`).send(Buffer.from(copy))
    } finally {
      await form.discard()
    }
  })

  return pages
}
