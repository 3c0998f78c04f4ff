import type { Request, Response } from 'express'
import { decodeBase64url } from '../../../core/encoding/base64url.ts'
import { AppError } from '../../../core/errors.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { compromiseEffect } from '../../keys/compromiseKey.ts'
import { honestLogState } from '../../keys/honestLogState.ts'
import { type KeyChange, type KeyChangeDeps, requestKeyChange } from '../../keys/keyChanges.ts'
import { type KeyRow, readKey, readKeyReach, readKeys } from '../../keys/keysTable.ts'
import type { KeyUse } from '../../keys/signer.ts'
import { readHead } from '../../log/logTable.ts'
import type { Actor } from '../../staff/actor.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, fieldsOf, inScope, type PageDeps, whoOf } from './routes.ts'
import { attempt, redirectWith } from './shell.ts'

export type KeyPagesDeps = PageDeps & KeyChangeDeps

const uses = ['card', 'diploma', 'status'] as const satisfies readonly KeyUse[]

/** Signing keys: what they are and have signed, and asking a second admin to make, retire or disown one. */
export function keyPages(deps: KeyPagesDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

  pages.get('/keys', 'keys.manage', async (_req, res, actor) => {
    const codes = new Set<string>(agenciesOf(deps.tree, actor))
    const rows = (await readKeys(deps.pool)).filter(row => codes.has(row.agency))
    render(res, 'console/keys', { keys: rows.map(row => ({ ...row, state: stateOf(row, deps.clock()) })) })
  })

  pages.get('/keys/new', 'keys.manage', (_req, res, actor) => {
    render(res, 'console/key-new', {
      values: { agency: actor.agency, years: '2' },
      errors: [],
      agencies: agenciesOf(deps.tree, actor),
      uses,
    })
  })

  pages.post('/keys', 'keys.manage', async (req, res, actor) => {
    const values = fieldsOf(req)
    const t = res.locals.t as Translate
    const agencies = agenciesOf(deps.tree, actor)
    const use = uses.find(one => one === values.use)
    const years = Number(values.years)
    const errors: { field: string; text: string }[] = []
    if (!agencies.some(code => code === values.agency)) errors.push({ field: 'agency', text: t('agency.parentMissing') })
    if (!use) errors.push({ field: 'use', text: t('keys.useMissing') })
    if (!(years >= 1 && years <= 5)) errors.push({ field: 'years', text: t('keys.yearsWrong') })
    if (errors.length > 0 || !use) return render(res.status(422), 'console/key-new', { values, errors, agencies, uses })
    const end = new Date(deps.clock() * 1000)
    end.setUTCFullYear(end.getUTCFullYear() + Math.floor(years))
    await ask(req, res, actor, { action: 'create', agency: values.agency as AgencyCode, use, notAfter: end.toISOString().slice(0, 10) })
  })

  pages.get('/keys/:kid', 'keys.manage', async (req, res, actor) => {
    const key = await find(String(req.params.kid), actor)
    const size = await logSizeNow()
    const reach = await readKeyReach(deps.pool, key.kid, size)
    render(res, 'console/key', { key: { ...key, state: stateOf(key, deps.clock()) }, reach, size, values: {}, errors: [], effect: null })
  })

  pages.post('/keys/:kid/retire', 'keys.manage', async (req, res, actor) => {
    const key = await find(String(req.params.kid), actor)
    await ask(req, res, actor, { action: 'retire', kid: key.kid.toString('base64url') })
  })

  pages.post('/keys/:kid/compromise', 'keys.manage', async (req, res, actor) => {
    const key = await find(String(req.params.kid), actor)
    const { logSize = '', sure = '' } = fieldsOf(req)
    const t = res.locals.t as Translate
    const size = await logSizeNow()
    const honest = /^\d{1,15}$/.test(logSize) ? Number(logSize) : Number.NaN
    const reach = await readKeyReach(deps.pool, key.kid, size)
    const shown = { key: { ...key, state: stateOf(key, deps.clock()) }, reach, size, values: { logSize, sure } }
    if (!(honest >= 0 && honest <= size)) {
      const text = t('keys.sizeWrong', { size })
      return render(res.status(422), 'console/key', { ...shown, errors: [{ field: 'logSize', text }], effect: null })
    }
    const kid = key.kid.toString('base64url')
    if (sure !== kid) {
      // What it would do is shown before anyone says yes.
      const state = await honestLogState(deps.pool, {
        origin: deps.logOrigin,
        at: Math.floor(deps.clock()),
        lastHonest: { logSize: honest },
      })
      const effect = await compromiseEffect(deps.pool, key.kid, state)
      const errors = sure ? [{ field: 'sure', text: t('agency.typeCode', { code: kid }) }] : []
      return render(res, 'console/key', { ...shown, errors, effect })
    }
    await ask(req, res, actor, { action: 'compromise', kid, lastHonest: { logSize: honest } })
  })

  const logSizeNow = async () => (await readHead(deps.pool)).range.size

  const ask = async (req: Request, res: Response, actor: Actor, change: KeyChange) => {
    await attempt(deps, req, res, '/console/keys', async () => {
      const id = await requestKeyChange(deps, { maker: whoOf(actor), change })
      await redirectWith(deps, req, res, `/console/requests/${id}`, { key: 'keys.asked' })
    })
  }

  const find = async (text: string, actor: Actor): Promise<KeyRow> => {
    if (!/^[\w-]{11}$/.test(text)) throw new AppError('key.not-found')
    const key = await readKey(deps.pool, decodeBase64url(text))
    inScope(deps.tree, actor, key.agency)
    return key
  }

  return pages
}

function stateOf(key: KeyRow, now: number): 'compromised' | 'retired' | 'expired' | 'waiting' | 'active' {
  if (key.compromise) return 'compromised'
  if (key.retiredAt !== null) return 'retired'
  if (key.notAfter < now) return 'expired'
  return key.servedAt === null ? 'waiting' : 'active'
}
