import type { Response } from 'express'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { readAudit } from '../../audit/auditTable.ts'
import { certificateFacts } from '../../keys/certificateFacts.ts'
import { compromiseEffect } from '../../keys/compromiseKey.ts'
import { openEndorsement } from '../../keys/endorsement.ts'
import { honestLogState } from '../../keys/honestLogState.ts'
import { type KeyRow, readKeyReach, readKeys, readNewestEndorsement } from '../../keys/keysTable.ts'
import type { KeyUse } from '../../keys/signer.ts'
import { readHead } from '../../log/logTable.ts'
import { readLastPublication } from '../../trust/trustTable.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { askForKey, type FormFault, findKey, type KeyPagesDeps, keyView, lastDay, tokensNow } from './keyView.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, fieldsOf, queryOf } from './routes.ts'
import { attempt } from './shell.ts'

const uses = ['card', 'diploma', 'status'] as const satisfies readonly KeyUse[]

/** Signing keys: what they are and have signed, and asking a second admin to make, retire or disown one. */
export function keyPages(deps: KeyPagesDeps): ConsoleRouter {
  const pages = consoleRouter(deps)
  const viewed = (key: KeyRow) => keyView(key, deps.clock(), deps.keyWaitSeconds)

  pages.get('/keys', 'keys.read', async (_req, res, actor) => {
    const codes = new Set<string>(agenciesOf(deps.tree, actor))
    const rows = (await readKeys(deps.pool)).filter(row => codes.has(row.agency))
    render(res, 'console/keys', { keys: rows.map(viewed) })
  })

  const showNew = async (res: Response, values: Record<string, string | undefined>, errors: FormFault[], agencies: readonly string[]) =>
    render(res, 'console/key-new', { values, errors, agencies, uses, ...(await tokensNow(deps)) })

  pages.get('/keys/new', 'keys.manage', async (req, res, actor) => {
    await showNew(res, { agency: actor.agency, years: '2', token: queryOf(req, 'token') }, [], agenciesOf(deps.tree, actor))
  })

  pages.post('/keys', 'keys.manage', async (req, res, actor) => {
    const values = fieldsOf(req)
    const t = res.locals.t as Translate
    const agencies = agenciesOf(deps.tree, actor)
    const use = uses.find(one => one === values.use)
    const notAfter = lastDay(deps.clock(), values.years)
    const tokenLabel = values.token || undefined
    const errors: FormFault[] = []
    if (!agencies.some(code => code === values.agency)) errors.push({ field: 'agency', text: t('agency.parentMissing') })
    if (!use) errors.push({ field: 'use', text: t('keys.useMissing') })
    if (!notAfter) errors.push({ field: 'years', text: t('keys.yearsWrong') })
    if (tokenLabel && !(await tokensNow(deps)).tokens.some(one => one.label === tokenLabel && one.state === 'ready'))
      errors.push({ field: 'token', text: t('keys.tokenGone') })
    if (errors.length > 0 || !use || !notAfter) return showNew(res.status(422), values, errors, agencies)
    await attempt(deps, req, res, '/console/keys', () =>
      askForKey(deps, req, res, actor, { action: 'create', agency: values.agency as AgencyCode, use, notAfter, tokenLabel }),
    )
  })

  const showKey = async (res: Response, key: KeyRow, more: Record<string, unknown> = {}) => {
    const kid = key.kid.toString('base64url')
    const size = await logSizeNow()
    const [reach, history, endorsement] = await Promise.all([
      readKeyReach(deps.pool, key.kid, size),
      readAudit(deps.pool, { subject: `key:${kid}` }),
      endorsementOf(key),
    ])
    const certificate = key.x5c.length > 0 ? certificateFacts(key.x5c) : null
    render(res, 'console/key', {
      key: viewed(key),
      certificate,
      endorsement,
      reach,
      history,
      size,
      waitHours: Math.round(deps.keyWaitSeconds / 3600),
      values: {},
      errors: [],
      effect: null,
      ...more,
    })
  }

  /** Who endorsed the key, whether the signature holds and speaks of it, and whether the trust list names it yet. */
  const endorsementOf = async (key: KeyRow) => {
    const newest = await readNewestEndorsement(deps.pool, key.kid)
    if (!newest) return null
    const { claims, chain } = openEndorsement(newest.jws)
    const publication = await readLastPublication(deps.pool)
    return {
      at: newest.at,
      by: certificateFacts(chain.map(one => one.raw.toString('base64'))),
      isThisKey: claims.thumbprint === key.thumbprint.toString('base64url') && claims.code === key.agency && claims.use === key.use,
      isPublished: publication !== undefined && publication.iat * 1000 >= newest.at.getTime(),
      digest: key.endorsement,
    }
  }

  pages.get('/keys/:kid', 'keys.read', async (req, res, actor) => {
    await showKey(res, await findKey(deps, String(req.params.kid), actor))
  })

  pages.post('/keys/:kid/retire', 'keys.manage', async (req, res, actor) => {
    const key = await findKey(deps, String(req.params.kid), actor)
    const kid = key.kid.toString('base64url')
    await attempt(deps, req, res, `/console/keys/${kid}`, () => askForKey(deps, req, res, actor, { action: 'retire', kid }))
  })

  pages.post('/keys/:kid/compromise', 'keys.manage', async (req, res, actor) => {
    const key = await findKey(deps, String(req.params.kid), actor)
    const { logSize = '', sure = '' } = fieldsOf(req)
    const t = res.locals.t as Translate
    const size = await logSizeNow()
    const honest = /^\d{1,15}$/.test(logSize) ? Number(logSize) : Number.NaN
    const values = { logSize, sure }
    if (!(honest >= 0 && honest <= size))
      return showKey(res.status(422), key, { values, errors: [{ field: 'logSize', text: t('keys.sizeWrong', { size }) }] })
    const kid = key.kid.toString('base64url')
    if (sure !== kid) {
      // What it would do is shown before anyone says yes.
      const state = await honestLogState(deps.pool, {
        origin: deps.logOrigin,
        at: Math.floor(deps.clock()),
        lastHonest: { logSize: honest },
      })
      const effect = await compromiseEffect(deps.pool, key.kid, state)
      return showKey(res, key, { values, effect, errors: sure ? [{ field: 'sure', text: t('agency.typeCode', { code: kid }) }] : [] })
    }
    await attempt(deps, req, res, '/console/keys', () =>
      askForKey(deps, req, res, actor, { action: 'compromise', kid, lastHonest: { logSize: honest } }),
    )
  })

  const logSizeNow = async () => (await readHead(deps.pool)).range.size

  return pages
}
