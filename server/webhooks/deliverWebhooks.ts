import type { Pool } from 'pg'
import type { ServiceKey } from '../service-keys/serviceKey.ts'
import { sendWebhook } from './sendWebhook.ts'
import { signMessage } from './signMessage.ts'
import { type DueDelivery, finishAttempt, takeDue } from './webhooksTable.ts'

export interface DeliverDeps {
  pool: Pool
  key: ServiceKey
  /** WEBHOOK_ALLOW_PRIVATE. */
  allowPrivate: boolean
  /** Seconds. */
  clock: () => number
}

/** Seconds before each further attempt; three days in all. */
export const retryAfter = [10, 60, 300, 1800, 7200, 21_600, 43_200, 86_400, 86_400] as const
const atOnce = 20
const lease = 60

/** Sends what is due, each to its own receiver at the same time. Answers how many attempts were made. */
export async function deliverWebhooks(deps: DeliverDeps): Promise<number> {
  const due = await takeDue(deps.pool, atOnce, lease)
  await Promise.all(due.map(delivery => deliver(deps, delivery)))
  return due.length
}

async function deliver({ pool, key, allowPrivate, clock }: DeliverDeps, delivery: DueDelivery): Promise<void> {
  const body = JSON.stringify(delivery.body)
  const signed = signMessage({ url: delivery.url, contentType: 'application/json', body, created: clock() }, key)
  const headers = {
    ...signed,
    'Antin-Event': delivery.type,
    'Antin-Delivery': delivery.eventId,
    'Antin-Attempt': String(delivery.attempts),
  }
  const { status, error } = await sendWebhook({ url: delivery.url, headers, body, allowPrivate })
  if (status !== null && status >= 200 && status < 300) {
    await finishAttempt(pool, delivery, { state: 'delivered', status, error: null })
    return
  }
  const wait = status === 410 ? undefined : retryAfter[delivery.attempts - 1]
  await finishAttempt(
    pool,
    delivery,
    wait === undefined ? { state: 'dead', status, error } : { state: 'pending', status, error, retryAfter: wait },
  )
}
