import type { Request, RequestHandler, Response } from 'express'
import type { Pool } from 'pg'
import type { Problem, RenderProblem } from '../../http/problem.ts'
import type { FieldCipher } from '../../keys/fieldCipher.ts'
import { keepForm } from '../../staff/keptFormTable.ts'
import { hasShell, render } from '../render.ts'
import { problemKey } from './shell.ts'

/**
 * Shows an error as a page, also one thrown before `shell` (the app's `pageShell`) was reached. In the console a missing sign-in or
 * step-up leads to the identity provider instead; a form that was being sent waits meanwhile and is offered again after it.
 */
export function problemPage(deps: { pool: Pool; cipher: FieldCipher; clock: () => number; shell: RequestHandler }): RenderProblem {
  return (problem, req, res, next) => {
    const page = () => void show(deps, problem, req, res).catch(next)
    if (hasShell(res)) page()
    else deps.shell(req, res, page)
  }
}

async function show(
  deps: { pool: Pool; cipher: FieldCipher; clock: () => number },
  problem: Problem,
  req: Request,
  res: Response,
): Promise<void> {
  const staffPage = req.path.startsWith('/console') || req.path === '/signin' || req.path.startsWith('/signin/') || req.path === '/signout'
  if (staffPage && (problem.code === 'auth.required' || problem.code === 'auth.step-up')) {
    const wants = problem.code === 'auth.step-up' ? '/signin/step-up' : '/signin'
    const sub = req.staffSession?.sub
    let returnTo = req.method === 'GET' ? req.originalUrl : formAddress(req)
    if (req.method === 'POST' && sub !== undefined && req.is('application/x-www-form-urlencoded') && req.body) {
      const form = { path: req.originalUrl, fields: pairsOf(req.body as Record<string, unknown>) }
      const id = await keepForm(deps.pool, deps.cipher, sub, form, new Date(deps.clock() * 1000))
      returnTo = `/console/resume/${id}${problem.code === 'auth.step-up' ? '?auto=1' : ''}`
    }
    res.removeHeader('WWW-Authenticate')
    return res.redirect(303, `${wants}?return=${encodeURIComponent(returnTo)}`)
  }
  res.set('Cache-Control', 'no-store')
  const inConsole = req.path.startsWith('/console') && res.locals.nav !== undefined
  render(res, inConsole ? 'console/problem' : 'problem', { problem, textKey: problemKey(problem.code) })
}

/** Where a form that cannot wait (it holds files, or nobody knows whose it is) was sent from, to be filled in again; the page says so. */
function formAddress(req: Request): string {
  const from = URL.parse(req.get('referer') ?? '')
  const ours = from !== null && from.host === req.get('host') && from.pathname.startsWith('/console/')
  return `${ours ? from.pathname : '/console'}?unsent=1`
}

function pairsOf(body: Record<string, unknown>): [string, string][] {
  return Object.entries(body).flatMap(([name, value]) =>
    name === '_csrf'
      ? []
      : (Array.isArray(value) ? value : [value]).filter(one => typeof one === 'string').map((one): [string, string] => [name, one]),
  )
}
