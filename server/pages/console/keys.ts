import { decodeBase64url } from '../../../core/encoding/base64url.ts'
import { AppError } from '../../../core/errors.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { inTransaction } from '../../db/transaction.ts'
import { compromiseEffect } from '../../keys/compromiseKey.ts'
import { type KeyRow, readKey, readKeyReach, readKeys } from '../../keys/keysTable.ts'
import type { KeyUse } from '../../keys/signer.ts'
import { createRequest } from '../../requests/createRequest.ts'
import type { Actor } from '../../staff/actor.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, fieldsOf, inScope, type PageDeps, whoOf } from './routes.ts'
import { redirectWith } from './shell.ts'

export interface KeyPagesDeps extends PageDeps {
  /** The log's size and root (b64u) now, and its origin: where a compromise is dated. */
  logHead: () => Promise<{ origin: string; size: number; rootHash: string }>
  /** The log's root (b64u) at an earlier size. */
  logRootAt: (size: number) => Promise<string>
}

const uses = ['card', 'diploma', 'status'] as const satisfies readonly KeyUse[]

/** What a `key.change` request asks for; the claims that the second admin is shown. */
export type KeyChange =
  | { action: 'create'; agency: string; use: (typeof uses)[number]; notAfter: string }
  | { action: 'retire'; agency: string; use: string; kid: string }
  | { action: 'compromise'; agency: string; use: string; kid: string; origin: string; logSize: number; rootHash: string; lost: number }

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
    await ask(actor, { action: 'create', agency: values.agency!, use, notAfter: end.toISOString().slice(0, 10) }).then(id =>
      redirectWith(deps, req, res, `/console/requests/${id}`, { key: 'keys.asked' }),
    )
  })

  pages.get('/keys/:kid', 'keys.manage', async (req, res, actor) => {
    const key = await find(String(req.params.kid), actor)
    const head = await deps.logHead()
    const reach = await readKeyReach(deps.pool, key.kid, head.size)
    render(res, 'console/key', { key: { ...key, state: stateOf(key, deps.clock()) }, reach, head, values: {}, errors: [], effect: null })
  })

  pages.post('/keys/:kid/retire', 'keys.manage', async (req, res, actor) => {
    const key = await find(String(req.params.kid), actor)
    if (key.retiredAt !== null || key.compromise !== null) throw new AppError('key.retired')
    const id = await ask(actor, { action: 'retire', agency: key.agency, use: key.use, kid: key.kid.toString('base64url') })
    await redirectWith(deps, req, res, `/console/requests/${id}`, { key: 'keys.asked' })
  })

  pages.post('/keys/:kid/compromise', 'keys.manage', async (req, res, actor) => {
    const key = await find(String(req.params.kid), actor)
    const { logSize = '', sure = '' } = fieldsOf(req)
    const t = res.locals.t as Translate
    const head = await deps.logHead()
    const size = /^\d{1,15}$/.test(logSize) ? Number(logSize) : Number.NaN
    const reach = await readKeyReach(deps.pool, key.kid, head.size)
    const shown = { key: { ...key, state: stateOf(key, deps.clock()) }, reach, head, values: { logSize, sure } }
    if (!(size >= 0 && size <= head.size)) {
      const text = t('keys.sizeWrong', { size: head.size })
      return render(res.status(422), 'console/key', { ...shown, errors: [{ field: 'logSize', text }], effect: null })
    }
    const rootHash = size === head.size ? head.rootHash : await deps.logRootAt(size)
    const compromise = { at: Math.floor(deps.clock()), origin: head.origin, logSize: size, rootHash }
    const effect = await compromiseEffect(deps.pool, key.kid, compromise)
    const kid = key.kid.toString('base64url')
    // What it would do is shown before anyone says yes.
    if (sure !== kid)
      return render(res, 'console/key', {
        ...shown,
        errors: sure ? [{ field: 'sure', text: t('agency.typeCode', { code: kid }) }] : [],
        effect,
      })
    const id = await ask(actor, {
      action: 'compromise',
      agency: key.agency,
      use: key.use,
      kid,
      origin: head.origin,
      logSize: size,
      rootHash,
      lost: effect.lost,
    })
    await redirectWith(deps, req, res, `/console/requests/${id}`, { key: 'keys.asked' })
  })

  const ask = (actor: Actor, change: KeyChange) =>
    inTransaction(deps.pool, tx =>
      createRequest(tx, deps.cipher, {
        kind: 'key.change',
        agency: change.agency as AgencyCode,
        maker: whoOf(actor),
        detail: { action: change.action, use: change.use },
        items: [{ claims: { ...change } }],
      }),
    )

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
