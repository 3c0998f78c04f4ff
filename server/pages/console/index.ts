import express, { type Router } from 'express'
import { type OverviewDeps, overviewPages } from './overview.ts'
import type { ConsoleRouter, DeclaredRoute } from './routes.ts'
import { consoleShell } from './shell.ts'
import { type SignInDeps, signInPages } from './signIn.ts'

/** Everything the console is made of; `main.ts` fills it. */
export type ConsoleDeps = SignInDeps & OverviewDeps

/** Sign-in and all console pages, and the permissions of every route. Mount it at the root, after `pageShell` and `authenticate`. */
export function consolePages(deps: ConsoleDeps): Router & { declared: readonly DeclaredRoute[] } {
  const areas: ConsoleRouter[] = [overviewPages(deps)]
  const router = express.Router()
  router.use(['/console', '/signin', '/signout', '/signed-out'], consoleShell(deps))
  router.use(signInPages(deps))
  for (const area of areas) router.use('/console', area.router)
  return Object.assign(router, { declared: areas.flatMap(area => area.declared) })
}
