import { fileURLToPath } from 'node:url'
import type { AgencyCode } from '../core/identity/agencyCode.ts'
import { applyAgencyChanges } from './agencies/applyAgencyChanges.ts'
import { cardTasks } from './cards/cardTasks.ts'
import { applyStatusRequest } from './cards/changeStatus.ts'
import { issueCards } from './cards/issueCards.ts'
import { operationTasks, tracedTasks } from './composeOperations.ts'
import { composePublicTasks } from './composePublic.ts'
import { assertBearable, clockDifference } from './db/clockDifference.ts'
import { endApprovedDiplomas } from './diplomas/endApprovedDiplomas.ts'
import { nameHolders } from './diplomas/nameHolders.ts'
import { registerDiplomas } from './diplomas/registerDiplomas.ts'
import { importTasks } from './imports/importTasks.ts'
import type { Installation } from './installation.ts'
import type { Task } from './jobs/worker.ts'
import { anchorNow } from './keepers.ts'
import { applyKeyChange } from './keys/applyKeyChange.ts'
import { templatesFolder } from './printing/render/template.ts'
import { applyTemplateChange } from './printing/templateChanges.ts'
import { requestById } from './requests/requestsTable.ts'
/** The jobs of an installation, and when the clock starts them (cron lines, UTC). */
export function composeTasks(installation: Installation): { tasks: Record<string, Task>; crontab: string } {
  const { pool, cipher, signers, origin, clock, config, agencies, isRestricted } = installation
  const cardDeps = { pool, cipher, clock, termYears: config.CARD_TERM_YEARS }
  const issueDeps = { ...cardDeps, signers, origin, isRestricted }
  const appliers: Record<string, (requestId: string) => Promise<void>> = {
    'card.issue': id => issueCards(issueDeps, id),
    'card.replace': id => issueCards(issueDeps, id),
    'card.resume': id => applyStatusRequest(issueDeps, id),
    'card.revoke': id => applyStatusRequest(issueDeps, id),
    'diploma.register': id => registerDiplomas(issueDeps, id),
    'diploma.correct': id => registerDiplomas(issueDeps, id),
    'diploma.end': id => endApprovedDiplomas(issueDeps, id),
    'diploma.holder': id => nameHolders(issueDeps, id),
    'agency.change': id => applyAgencyChanges(installation, id),
    'template.change': id => applyTemplateChange({ ...installation, templatesFolder: fileURLToPath(templatesFolder) }, id),
    'key.change': id => applyKeyChange({ ...installation, logOrigin: installation.logKey.name }, id),
  }
  // A clock that jumped must not end a card, a session or a line of the audit before its time.
  const byTheClock = (tasks: Record<string, Task>): Record<string, Task> =>
    Object.fromEntries(
      Object.entries(tasks).map(([name, task]): [string, Task] => [
        name,
        async payload => {
          assertBearable(await clockDifference(pool, clock))
          await task(payload)
        },
      ]),
    )
  const open = composePublicTasks(installation)
  const operations = operationTasks(installation)
  return {
    tasks: tracedTasks(installation.traces, {
      ...open.tasks,
      ...byTheClock(operations.tasks),
      async applyRequest(payload) {
        const { requestId } = payload as { requestId: string }
        const request = await requestById(pool, requestId)
        if (request) await appliers[request.kind]?.(requestId)
      },
      anchor: async () => {
        await anchorNow(installation)
      },
      signStatusLists: async () => {
        await installation.statusLists.signDue()
      },
      ...importTasks(installation),
      ...byTheClock(cardTasks({ ...cardDeps, levelOneOf: agency => (agencies.ancestors(agency).at(-1) ?? agency) as AgencyCode })),
    }),
    crontab: [
      '*/4 * * * * signStatusLists',
      '* * * * * sweepImports',
      '10 17 * * * expireCards',
      '20 17 * * * remindExpiring',
      '*/10 * * * * proposeReplacements',
      open.crontab,
      operations.crontab,
    ].join('\n'),
  }
}
