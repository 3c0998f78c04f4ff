import express, { type Router } from 'express'
import { type AgencyPagesDeps, agencyPages } from './agencies.ts'
import { auditPages } from './audit.ts'
import { type CardPagesDeps, cardPages } from './cards.ts'
import { diplomaChangePages } from './diplomaChanges.ts'
import { diplomaRegisterPages } from './diplomaRegister.ts'
import { type DiplomaPagesDeps, diplomaPages } from './diplomas.ts'
import { importPages } from './imports.ts'
import { keyEndorsePages } from './keyEndorse.ts'
import { keyImportPages } from './keyImport.ts'
import { keyPages } from './keys.ts'
import { keyTokenPages } from './keyTokens.ts'
import type { KeyPagesDeps } from './keyView.ts'
import { type OfficerPagesDeps, officerPages } from './officers.ts'
import { type OverviewDeps, overviewPages } from './overview.ts'
import { ownPages } from './own.ts'
import { type OwnDiplomaPagesDeps, ownDiplomaPages } from './ownDiplomas.ts'
import { printPages } from './printing.ts'
import { requestPages } from './requests.ts'
import { type ReviewPagesDeps, reviewPages } from './review.ts'
import type { DeclaredRoute } from './routes.ts'
import { consoleShell } from './shell.ts'
import { type SignInDeps, signInPages } from './signIn.ts'
import { staffPages } from './staff.ts'
import { type TemplatePagesDeps, templatePages } from './templates.ts'
import { type WebhookPagesDeps, webhookPages } from './webhooks.ts'

/** Everything the console is made of; `main.ts` fills it. */
export type ConsoleDeps = SignInDeps &
  DiplomaPagesDeps &
  OwnDiplomaPagesDeps &
  OverviewDeps &
  OfficerPagesDeps &
  CardPagesDeps &
  KeyPagesDeps &
  TemplatePagesDeps &
  AgencyPagesDeps &
  WebhookPagesDeps &
  ReviewPagesDeps

/** Sign-in and all console pages, and the permissions of every route. Mount it at the root, after `pageShell` and `authenticate`. */
export function consolePages(deps: ConsoleDeps): Router & { declared: readonly DeclaredRoute[] } {
  const areas = [
    overviewPages(deps),
    officerPages(deps),
    importPages(deps),
    reviewPages(deps),
    requestPages(deps),
    cardPages(deps),
    printPages(deps),
    diplomaRegisterPages(deps),
    diplomaChangePages(deps),
    diplomaPages(deps),
    ownPages(deps),
    ownDiplomaPages(deps),
    auditPages(deps),
    // Before the page of one key, whose address takes any word.
    keyImportPages(deps),
    keyTokenPages(deps),
    keyEndorsePages(deps),
    keyPages(deps),
    templatePages(deps),
    agencyPages(deps),
    staffPages(deps),
    webhookPages(deps),
  ]
  const router = express.Router()
  router.use(['/console', '/signin', '/signout', '/signed-out'], consoleShell(deps))
  router.use(signInPages(deps))
  for (const area of areas) router.use('/console', area.router)
  return Object.assign(router, { declared: areas.flatMap(area => area.declared) })
}
