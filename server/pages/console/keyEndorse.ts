import type { Response } from 'express'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { certificateFacts } from '../../keys/certificateFacts.ts'
import { type KeyRow, readKeys } from '../../keys/keysTable.ts'
import type { Actor } from '../../staff/actor.ts'
import { authorize } from '../../staff/authorize.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { askForKey, type FormFault, findKey, type KeyPagesDeps } from './keyView.ts'
import { pkcs12Fault, readPkcs12Form } from './pkcs12Form.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter } from './routes.ts'

/** Asking that a state certificate says whose a key is: one that is registered here (file or token), or one in a PKCS#12 file. */
export function keyEndorsePages(deps: KeyPagesDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

  /** The document keys of the key's agency, and of those above it that the person may act for. */
  const endorsersOf = async (key: KeyRow, actor: Actor) => {
    const mine = new Set<string>(agenciesOf(deps.tree, actor))
    const above = [key.agency, ...deps.tree.ancestors(key.agency)].filter(code => mine.has(code))
    const now = deps.clock()
    return (await readKeys(deps.pool, { use: 'document' }))
      .filter(one => above.includes(one.agency as AgencyCode) && one.jwk.kty === 'RSA' && one.x5c.length > 0)
      .filter(one => one.retiredAt === null && one.compromise === null && one.notAfter > now)
      .map(one => ({ kid: one.kid.toString('base64url'), agency: one.agency, form: one.form, certificate: certificateFacts(one.x5c) }))
  }

  const show = async (res: Response, key: KeyRow, actor: Actor, values: Record<string, string>, errors: readonly FormFault[]) => {
    const endorsers = await endorsersOf(key, actor)
    render(res, 'console/key-endorse', { key, endorsers, values: { by: endorsers[0]?.kid ?? 'file', ...values }, errors })
  }

  pages.get('/keys/:kid/endorse', 'keys.manage', async (req, res, actor) => {
    authorize(actor, 'keys.manage', undefined, deps.tree, deps.clock())
    await show(res, await findKey(deps, String(req.params.kid), actor), actor, {}, [])
  })

  pages.upload('/keys/:kid/endorse', 'keys.manage', async (req, res, actor) => {
    const t = res.locals.t as Translate
    const key = await findKey(deps, String(req.params.kid), actor)
    const kid = key.kid.toString('base64url')
    let values: Record<string, string> = {}
    try {
      const { fields, file, passphrase, faults } = await readPkcs12Form(req)
      values = { by: fields.by ?? '' }
      if (values.by === 'file') {
        const errors = faults(t)
        if (errors.length > 0) return await show(res.status(422), key, actor, values, errors)
        await askForKey(deps, req, res, actor, { action: 'endorse', kid, by: { file, passphrase } })
      } else {
        const chosen = (await endorsersOf(key, actor)).find(one => one.kid === values.by)
        if (!chosen) return await show(res.status(422), key, actor, {}, [{ field: 'by', text: t('keys.endorserMissing') }])
        await askForKey(deps, req, res, actor, { action: 'endorse', kid, by: chosen.kid })
      }
    } catch (error) {
      await show(res.status(422), key, actor, values, [pkcs12Fault(error, t)])
    }
  })

  return pages
}
