import type { Pool } from 'pg'
import type { AgencyTree } from '../agencies/agencyTree.ts'
import type { Task } from '../jobs/worker.ts'
import { collectEvents } from './collectEvents.ts'
import { type DeliverDeps, deliverWebhooks } from './deliverWebhooks.ts'
import { dropOldEvents } from './webhooksTable.ts'

export interface WebhookTasksDeps extends DeliverDeps {
  pool: Pool
  agencies: AgencyTree
}

/** Milliseconds that one run goes on before it leaves the worker to others. */
const longest = 50_000

/** `webhooks:run`, every minute: makes events of what the log has and sends what is due until nothing is left; `webhooks:clean`, daily. */
export function webhookTasks(deps: WebhookTasksDeps): Record<string, Task> {
  return {
    'webhooks:run': async () => {
      const end = Date.now() + longest
      for (;;) {
        const { isBehind } = await collectEvents(deps)
        const attempts = await deliverWebhooks(deps)
        if ((!isBehind && attempts === 0) || Date.now() > end) return
      }
    },
    'webhooks:clean': () => dropOldEvents(deps.pool),
  }
}

export const webhookCrontab = '* * * * * webhooks:run\n17 3 * * * webhooks:clean'
