import type { Response } from 'express'
import { AppError } from '../../../core/errors.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { certificateFacts } from '../../keys/certificateFacts.ts'
import { readKeys } from '../../keys/keysTable.ts'
import { keyUses } from '../../keys/signer.ts'
import type { Actor } from '../../staff/actor.ts'
import { authorize } from '../../staff/authorize.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { askForKey, type FormFault, type KeyPagesDeps, keyView, lastDay, tokensNow } from './keyView.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, fieldsOf, inScope, queryOf } from './routes.ts'
import { problemKey } from './shell.ts'

/** The PKCS#11 tokens of this installation, what is on one of them, and asking to use a key that is there already. */
export function keyTokenPages(deps: KeyPagesDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

  const show = async (res: Response, actor: Actor, token: string, values: Record<string, string>, errors: readonly FormFault[]) => {
    const [{ tokens, broken }, registered] = await Promise.all([tokensNow(deps), readKeys(deps.pool)])
    const ours = registered.map(row => keyView(row, deps.clock(), deps.keyWaitSeconds))
    const chosen = tokens.find(one => one.label === token)
    const faults = [...errors]
    const keys = chosen ? await keysOn(chosen.label, res.locals.t as Translate, faults) : []
    const mine = new Set<string>(agenciesOf(deps.tree, actor))
    render(res, 'console/key-tokens', {
      broken,
      tokens: tokens.map(one => ({ ...one, keys: ours.filter(key => key.token === one.label && mine.has(key.agency)).length })),
      chosen,
      // Another agency's key on a shared token is shown as taken, not whose it is.
      keys: keys.map(one => {
        const row = ours.find(key => key.kid.equals(one.signer.kid))
        const certificate = one.x5c.length > 0 ? certificateFacts(one.x5c) : null
        const kind = one.signer.jwk.kty === 'EC' ? 'P-256' : 'RSA'
        return { id: one.id, kind, certificate, isTaken: row !== undefined, row: row && mine.has(row.agency) ? row : null }
      }),
      values: { agency: actor.agency, years: '2', ...values },
      errors: faults,
      agencies: agenciesOf(deps.tree, actor),
      uses: keyUses,
    })
  }

  const keysOn = async (label: string, t: Translate, faults: FormFault[]) => {
    try {
      return await deps.store.keysOn(label)
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'key.pkcs11') throw error
      faults.push({ field: 'token', text: t('problem.key.pkcs11') })
      return []
    }
  }

  pages.get('/keys/tokens', 'keys.manage', async (req, res, actor) => {
    const token = queryOf(req, 'token')
    // Looking at a token logs in to it.
    if (token !== '') authorize(actor, 'keys.manage', undefined, deps.tree, deps.clock())
    await show(res, actor, token, {}, [])
  })

  pages.post('/keys/tokens', 'keys.manage', async (req, res, actor) => {
    const t = res.locals.t as Translate
    const values = fieldsOf(req)
    const { token = '', id = '' } = values
    const use = keyUses.find(one => one === values.use)
    const notAfter = lastDay(deps.clock(), values.years)
    const errors: FormFault[] = []
    if (!agenciesOf(deps.tree, actor).some(code => code === values.agency))
      errors.push({ field: 'agency', text: t('agency.parentMissing') })
    if (!/^([0-9a-f]{2}){1,64}$/.test(id)) errors.push({ field: 'id', text: t('keys.idMissing') })
    if (!use) errors.push({ field: 'use', text: t('keys.useMissing') })
    if (!notAfter) errors.push({ field: 'years', text: t('keys.yearsWrong') })
    if (errors.length > 0 || !use || !notAfter) return show(res.status(422), actor, token, values, errors)
    const agency: AgencyCode = inScope(deps.tree, actor, values.agency!)
    try {
      await askForKey(deps, req, res, actor, { action: 'adopt', agency, use, tokenLabel: token, id, notAfter })
    } catch (error) {
      if (!(error instanceof AppError) || !error.code.startsWith('key.')) throw error
      await show(res.status(422), actor, token, values, [{ field: 'id', text: t(problemKey(error.code), { detail: error.detail }) }])
    }
  })

  return pages
}
