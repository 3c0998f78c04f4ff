import express, { type Request, type Response, type Router } from 'express'
import { AppError } from '../../../core/errors.ts'
import { recordAudit } from '../../audit/auditTable.ts'
import type { PersonClaims } from '../../staff/claims.ts'
import type { IdentityProvider, SignedIn } from '../../staff/identityProvider.ts'
import { dropKeptForm, findKeptForm } from '../../staff/keptFormTable.ts'
import type { FindPerson } from '../../staff/knownPerson.ts'
import { setPendingSignIn, takePendingSignIn } from '../../staff/signInCookie.ts'
import { recordSignIn } from '../../staff/staffTable.ts'
import { render } from '../render.ts'
import { isUuid } from './isUuid.ts'
import { type PageDeps, queryOf, refuseMultipart } from './routes.ts'

export interface SignInDeps extends PageDeps {
  publicUrl: string
  identityProvider: IdentityProvider
  personOfClaims: (claims: Readonly<Record<string, unknown>>) => PersonClaims
  findPerson: FindPerson
}

/** Signing in and out at the identity provider, locking, and taking up a form that had to wait. Mounted at the root, after the shell. */
export function signInPages(deps: SignInDeps): Router {
  const router = express.Router()
  const secure = deps.publicUrl.startsWith('https:')
  const milliseconds = () => deps.clock() * 1000

  const begin = async (res: Response, fresh: boolean, hint: string | undefined, returnTo: string) => {
    const started = await deps.identityProvider.begin({ fresh, hint })
    const { state, nonce, verifier } = started
    setPendingSignIn(res, deps.cipher, secure, { state, nonce, verifier, fresh, returnTo, at: milliseconds() })
    res.redirect(303, started.url.href)
  }

  router.get('/signin', async (req, res) => {
    const returnTo = localPath(queryOf(req, 'return'))
    // A locked session proves its person anew: the provider's own session must not open it silently.
    const fresh = req.staffSession?.locked === true || queryOf(req, 'fresh') === '1'
    if (req.actor && !fresh) return res.redirect(303, returnTo)
    await begin(res, fresh, req.staffSession?.sub, returnTo)
  })

  router.get('/signin/step-up', async (req, res) => {
    if (!req.staffSession) throw new AppError('auth.required')
    await begin(res, true, req.staffSession.sub, localPath(queryOf(req, 'return')))
  })

  router.get('/signin/callback', async (req, res) => {
    const pending = takePendingSignIn(req, res, deps.cipher, secure, queryOf(req, 'state'), milliseconds())
    const callback = new URL(req.originalUrl, deps.publicUrl)
    const signedIn = await deps.identityProvider.finish(callback, pending, deps.clock())
    await openSession(req, res, signedIn)
    res.redirect(303, pending.returnTo)
  })

  const openSession = async (req: Request, res: Response, signedIn: SignedIn) => {
    const person = deps.personOfClaims(signedIn.claims)
    const known = person.personalNumber === undefined ? undefined : await deps.findPerson(person.personalNumber)
    if (person.roles.size === 0 && known === undefined) throw new AppError('auth.forbidden', 'This account has no role here')
    const record = { sub: person.sub, name: person.name, roles: [...person.roles], agencyCode: person.agency }
    if (!(await recordSignIn(deps.pool, record, new Date(milliseconds()))))
      throw new AppError('auth.forbidden', 'This account has been barred')
    await deps.sessions.open(req, res, person, {
      ...(signedIn.steppedUpAt === undefined ? {} : { steppedUpAt: signedIn.steppedUpAt }),
      ...known,
    })
    await recordAudit(deps.pool, { actor: person, action: 'staff.signed-in', agency: person.agency })
  }

  /** For the page's own script: whether the session still stands. It is no activity. */
  router.get('/signin/state', (req, res) => {
    res.json({
      locked: req.staffSession?.locked ?? true,
      signedIn: req.actor !== null,
      csrf: req.actor ? req.staffSession?.csrf : undefined,
    })
  })

  router.get('/signin/unlocked', (_req, res) => render(res, 'console/unlocked'))

  router.post('/signin/lock', refuseMultipart, async (req, res) => {
    await deps.sessions.lock(req)
    if (req.actor) await recordAudit(deps.pool, { actor: req.actor, action: 'staff.locked', agency: req.actor.agency })
    res.redirect(303, '/signed-out?locked=1')
  })

  router.post('/signout', refuseMultipart, async (req, res) => {
    const who = req.actor ?? (req.staffSession && { sub: req.staffSession.sub, name: req.staffSession.name })
    if (who) await recordAudit(deps.pool, { actor: who, action: 'staff.signed-out', agency: req.actor?.agency })
    await deps.sessions.close(req, res)
    const there = await deps.identityProvider.signOutUrl().catch(() => null)
    res.redirect(303, there?.href ?? '/signed-out')
  })

  router.get('/signed-out', (req, res) =>
    render(res, 'console/signed-out', { locked: queryOf(req, 'locked') === '1', actor: null, nav: null }),
  )

  router.get('/console/resume/:id', async (req, res) => {
    if (!req.actor) throw new AppError('auth.required')
    const id = req.params.id
    const kept = isUuid(id) ? await findKeptForm(deps.pool, deps.cipher, id, req.actor.sub, new Date(milliseconds())) : null
    if (!kept) return res.redirect(303, '/console')
    render(res, 'console/resume', { kept, auto: queryOf(req, 'auto') === '1', resumeId: id })
  })

  router.post('/console/resume/:id/drop', refuseMultipart, async (req: Request<{ id: string }>, res) => {
    if (!req.actor) throw new AppError('auth.required')
    if (isUuid(req.params.id)) await dropKeptForm(deps.pool, req.params.id, req.actor.sub)
    res.redirect(303, '/console')
  })

  return router
}

/** A path of ours, whatever was asked. */
function localPath(text: string): string {
  return /^\/(?![/\\])[^\s\\]*$/.test(text) && !text.startsWith('/signin?') ? text : '/console'
}
