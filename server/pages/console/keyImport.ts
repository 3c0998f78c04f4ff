import type { Response } from 'express'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import type { Actor } from '../../staff/actor.ts'
import { authorize } from '../../staff/authorize.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import { askForKey, type FormFault, type KeyPagesDeps } from './keyView.ts'
import { pkcs12Fault, readPkcs12Form } from './pkcs12Form.ts'
import { agenciesOf, type ConsoleRouter, consoleRouter, inScope } from './routes.ts'

/** Bringing in a certificate with its key, for signing PDF files, as a PKCS#12 file. */
export function keyImportPages(deps: KeyPagesDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

  const show = (res: Response, actor: Actor, values: Record<string, string>, errors: readonly FormFault[]) =>
    render(res, 'console/key-import', { values, errors, agencies: agenciesOf(deps.tree, actor) })

  pages.get('/keys/import', 'keys.manage', (_req, res, actor) => {
    // Who they are is proven before the form: a file cannot wait for it.
    authorize(actor, 'keys.manage', undefined, deps.tree, deps.clock())
    show(res, actor, { agency: actor.agency }, [])
  })

  pages.upload('/keys/import', 'keys.manage', async (req, res, actor) => {
    const t = res.locals.t as Translate
    let values: Record<string, string> = { agency: actor.agency }
    try {
      const { fields, file, passphrase, faults } = await readPkcs12Form(req)
      values = { agency: fields.agency ?? '', reason: fields.reason ?? '' }
      const errors = [
        ...(values.agency === '' ? [{ field: 'agency', text: t('agency.parentMissing') }] : []),
        ...(values.reason!.length > 1000 ? [{ field: 'reason', text: t('form.tooLong', { count: 1000 }) }] : []),
        ...faults(t),
      ]
      if (errors.length > 0) return show(res.status(422), actor, values, errors)
      const agency: AgencyCode = inScope(deps.tree, actor, values.agency!)
      await askForKey(deps, req, res, actor, { action: 'import', agency, file, passphrase }, values.reason)
    } catch (error) {
      show(res.status(422), actor, values, [pkcs12Fault(error, t)])
    }
  })

  return pages
}
