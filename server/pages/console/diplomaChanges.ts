import type { Response } from 'express'
import { AppError } from '../../../core/errors.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import type { OpenedDiploma } from '../../diplomas/readDiploma.ts'
import { refsOfBatch, requestDiplomaEnds, requestHolder } from '../../diplomas/requestDiplomas.ts'
import { readBatch, titlesOfBatch } from '../../overview/batchTable.ts'
import { requestById } from '../../requests/requestsTable.ts'
import type { Actor } from '../../staff/actor.ts'
import { holds } from '../../staff/authorize.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { bareNumber, type Fault } from './diplomaForm.ts'
import { diplomaOfPath } from './diplomaOfPath.ts'
import { isUuid } from './isUuid.ts'
import { type ConsoleRouter, consoleRouter, fieldsOf, inScope, type PageDeps, whoOf } from './routes.ts'
import { attempt, redirectWith } from './shell.ts'

const endReasons = ['QUYET_DINH', 'NHAP_SAI', 'GIAN_LAN', 'KHAC'] as const

/** What a second person is asked about registered diplomas: to end one or a whole batch, to say whose one is. */
export function diplomaChangePages(deps: PageDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

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

  pages.get('/diplomas/:ref/end', 'diplomas.register', async (req, res, actor) => {
    render(res, 'console/diploma-end', { diploma: await diplomaOfPath(deps, req, actor), values: {}, errors: [], endReasons })
  })

  pages.post('/diplomas/:ref/end', 'diplomas.register', async (req, res, actor) => {
    const diploma = await diplomaOfPath(deps, req, actor)
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

  pages.get('/diplomas/:ref/holder', 'diplomas.register', async (req, res, actor) => {
    const diploma = await diplomaOfPath(deps, req, actor)
    if (diploma.endedAs !== null) throw new AppError('diploma.ended.conflict')
    render(res, 'console/diploma-holder', { diploma, values: {}, errors: [] })
  })

  pages.post('/diplomas/:ref/holder', 'diplomas.register', async (req, res, actor) => {
    const diploma = await diplomaOfPath(deps, req, actor)
    const fields = fieldsOf(req)
    const number = bareNumber(fields.holderNumber ?? '')
    const t = res.locals.t as Translate
    if (number === '' && !diploma.holderNumber) return refuseHolder(res, diploma, fields, t('diplomas.holderNumberMissing'))
    if (!/^(\d{12})?$/.test(number)) return refuseHolder(res, diploma, fields, t('diplomas.holderNumberWrong'))
    await attempt(deps, req, res, `/console/diplomas/${diploma.ref.toString('base64url')}`, async () => {
      const id = await requestHolder(deps, {
        maker: whoOf(actor),
        agency: diploma.issuerCode as AgencyCode,
        ref: diploma.ref,
        holderNumber: number || undefined,
      })
      await redirectWith(deps, req, res, `/console/requests/${id}`, { key: 'diplomas.holderMade' })
    })
  })

  const refuseHolder = (res: Response, diploma: OpenedDiploma, values: Record<string, string>, text: string) =>
    render(res.status(422), 'console/diploma-holder', { diploma, values, errors: [{ field: 'holderNumber', text }] })

  const findBatch = async (id: string, actor: Actor) => {
    const request = isUuid(id) ? await requestById(deps.pool, id) : null
    if (!request?.kind.startsWith('diploma.')) throw new AppError('request.not-found')
    inScope(deps.tree, actor, request.agencyCode)
    return request
  }

  return pages
}

function endFaults(fields: Record<string, string>, t: Translate): Fault[] {
  const faults: Fault[] = []
  if (!endReasons.some(code => code === fields.reasonCode)) faults.push({ field: 'reasonCode', text: t('card.change.reasonMissing') })
  if (!fields.decision) faults.push({ field: 'decision', text: t('diplomas.decisionMissing') })
  else if (fields.decision.length > 200) faults.push({ field: 'decision', text: t('form.tooLong', { count: 200 }) })
  if ((fields.reason ?? '').length > 1000) faults.push({ field: 'reason', text: t('form.tooLong', { count: 1000 }) })
  return faults
}
