import { Router } from 'express'
import { isDatabaseAway } from '../db/isDatabaseAway.ts'

/** One thing that the service needs. `amberInSeconds`: how long until citizens see "chưa xác định được" if it stays so. */
export interface ReadinessReason {
  name: string
  ok: boolean
  /** What is wrong and what to do; English, for operators. */
  detail: string
  amberInSeconds?: number | undefined
  /** Requests are answered all the same: a balancer must not take every server out because the chain is down. */
  isBearable?: true
}

/** Its own name is that of the reason, for when it throws. */
export type ReadinessCheck = () => Promise<ReadinessReason>

const checkTimeout = 3000

/** /healthz: the process answers. /readyz: 503 when requests cannot be answered here, else 200, with everything that is wrong either way. */
export function readinessRoutes(checks: readonly ReadinessCheck[], isDraining: () => boolean): Router {
  const router = Router()
  router.get('/healthz', (_req, res) => {
    res.set('Cache-Control', 'no-store').type('text').send('ok\n')
  })
  router.get('/readyz', async (_req, res) => {
    const reasons = await Promise.all(checks.map(runCheck))
    if (isDraining()) reasons.push({ name: 'drain', ok: false, detail: 'The process is stopping' })
    const ok = reasons.every(reason => reason.ok || reason.isBearable)
    const amber = reasons.flatMap(reason => (reason.ok || reason.amberInSeconds === undefined ? [] : [reason.amberInSeconds]))
    if (!ok) res.set('Retry-After', '5')
    res
      .status(ok ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ ready: ok, ...(amber.length > 0 ? { citizensSeeAmberInSeconds: Math.min(...amber) } : {}), reasons })
  })
  return router
}

async function runCheck(check: ReadinessCheck): Promise<ReadinessReason> {
  const { promise, resolve } = Promise.withResolvers<ReadinessReason>()
  const timer = setTimeout(() => resolve({ name: check.name, ok: false, detail: `No answer within ${checkTimeout} ms` }), checkTimeout)
  try {
    return await Promise.race([check(), promise])
  } catch (error) {
    const detail = isDatabaseAway(error) ? 'The database does not answer; `antin doctor` says why' : (error as Error).message
    return { name: check.name, ok: false, detail }
  } finally {
    clearTimeout(timer)
  }
}
