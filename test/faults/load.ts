import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import * as client from 'openid-client'
import { demonstrationUsers } from '../../server/demonstration/people.ts'
import { signInByForms } from '../../server/staff/demonstration/followForms.ts'
import type { Cluster } from './cluster.ts'

/** What was acknowledged: it has to be there whatever happens afterwards. */
export interface Ledger {
  /** Requests answered 202. */
  readonly requests: Set<string>
  /** Requests whose approval was answered 202. */
  readonly approvals: Set<string>
  /** Serials whose suspension was answered 204. */
  readonly suspended: Set<string>
}

export interface OperationCount {
  ok: number
  failed: number
  /** Longest time without a success while the load ran, ms. */
  longestGap: number
  lastOk: number
  readonly failures: Map<string, number>
}

export interface Load {
  readonly ledger: Ledger
  readonly counts: Record<'request' | 'approve' | 'suspend' | 'verify' | 'evidence', OperationCount>
  /** Ends when what is under way has ended. */
  stop(): Promise<void>
  isStopped(): boolean
}

interface Answer {
  status: number
  body: Record<string, unknown>
}

/** Access tokens of the demonstration's machine and of an approver who has just proven who they are. */
export class Tokens {
  private machine = ''
  private approver = ''
  private at = 0
  private readonly cluster: Cluster

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  async refresh(force = false): Promise<void> {
    if (!force && Date.now() - this.at < 240_000) return
    const { issuer, machine } = this.cluster
    const resource = 'urn:antin:api'
    const options = { execute: [client.allowInsecureRequests] }
    const asMachine = await client.discovery(new URL(issuer), machine.clientId, machine.clientSecret, undefined, options)
    const granted = await client.clientCredentialsGrant(asMachine, { resource, scope: 'cards:write diplomas:write verify:bulk audit:read' })
    this.machine = granted.access_token
    const asCli = await client.discovery(new URL(issuer), 'antin-cli', undefined, client.None(), options)
    const started = await client.initiateDeviceAuthorization(asCli, { scope: 'openid', resource })
    const waiting = client.pollDeviceAuthorizationGrant(asCli, { ...started, interval: 1 }, { resource })
    await signInByForms(started.verification_uri_complete!, demonstrationUsers('').find(user => user.username === 'approver')!)
    this.approver = (await waiting).access_token
    this.at = Date.now()
  }

  of(who: 'machine' | 'approver'): string {
    return this[who]
  }
}

/** A steady load of requests, approvals, suspensions, verifications and reads of public evidence, through the balancer, with the retries of a sane client. `own` is verified and never suspended. */
export function startLoad(cluster: Cluster, tokens: Tokens, take: () => string[], own: { serial: string; sealed: string }): Load {
  const ledger: Ledger = { requests: new Set(), approvals: new Set(), suspended: new Set() }
  const now = performance.now()
  const count = (): OperationCount => ({ ok: 0, failed: 0, longestGap: 0, lastOk: now, failures: new Map() })
  const counts = { request: count(), approve: count(), suspend: count(), verify: count(), evidence: count() }
  let running = true

  const send = async (
    what: keyof typeof counts,
    who: 'machine' | 'approver' | null,
    path: string,
    body?: unknown,
    key?: string,
  ): Promise<Answer | null> => {
    const tally = counts[what]
    try {
      const response = await fetch(`${cluster.origin}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          ...(who ? { authorization: `Bearer ${tokens.of(who)}` } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key ? { 'idempotency-key': key } : {}),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(20_000),
      })
      const text = await response.text()
      const isJson = /json/.test(response.headers.get('content-type') ?? '')
      const answer = { status: response.status, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} }
      // What is refused for its own sake was answered; only a server that does not do its work has failed.
      if (answer.status < 500) succeed(tally)
      else fail(tally, `${answer.status} ${String(answer.body.code ?? '')}`)
      return answer
    } catch (error) {
      fail(
        tally,
        (error as Error).name === 'TimeoutError' ? 'timeout' : String((error as { cause?: { code?: string } }).cause?.code ?? error),
      )
      return null
    }
  }
  const untilDone = async (attempt: () => Promise<Answer | null>): Promise<Answer | null> => {
    while (running) {
      const answer = await attempt()
      if (answer && answer.status < 500 && answer.status !== 429) return answer
      await sleep(300)
    }
    return null
  }

  const decide = async (path: string, body: unknown) => {
    const key = randomUUID()
    const made = await untilDone(() => send('request', 'machine', path, body, key))
    const id = made?.status === 202 ? (made.body.requestId as string | null) : null
    if (!id) return
    ledger.requests.add(id)
    const shown = await untilDone(() => send('approve', 'approver', `/api/requests/${id}`))
    if (shown?.status !== 200) return
    const approvalKey = randomUUID()
    const approval = { claimsDigest: shown.body.claimsDigest, selection: 'all' }
    const decided = await untilDone(() => send('approve', 'approver', `/api/requests/${id}/approve`, approval, approvalKey))
    if (decided?.status === 202) ledger.approvals.add(id)
  }

  let number = Date.now()
  const loops: (() => Promise<void>)[] = [
    async () => {
      const officerIds = take()
      if (officerIds.length > 0) await decide('/api/card-requests', { officerIds })
      await sleep(150)
    },
    async () => {
      const officerIds = take()
      if (officerIds.length > 0) await decide('/api/card-requests', { officerIds })
      await sleep(150)
    },
    async () => {
      number++
      await decide('/api/diploma-requests', {
        agency: 'G09',
        number: `F-${number}`,
        holderName: 'Nguyễn Văn Thử',
        title: 'Bằng thử',
        awarded: '2020',
        basis: 0,
        birthDate: '1990',
      })
      await sleep(250)
    },
    async () => {
      const listed = await untilDone(() => send('suspend', 'machine', '/api/cards?state=active&limit=20'))
      const cards = (listed?.body.cards ?? []) as { serial: string; issuedAt: string }[]
      const others = cards.filter(one => one.serial !== own.serial)
      const card = others[Math.floor(Math.random() * others.length)]
      if (card) {
        const key = randomUUID()
        const body = { action: 'suspend', reasonCode: 'MAT_THE', reason: 'thử' }
        const done = await untilDone(() => send('suspend', 'machine', `/api/cards/${card.serial}/status`, body, key))
        if (done?.status === 204) ledger.suspended.add(card.serial)
      }
      await sleep(400)
    },
    async () => {
      const answer = await send('verify', 'machine', '/api/verifications', { credential: own.sealed })
      if (answer?.status === 200 && answer.body.verdict === 'invalid') fail(counts.verify, 'verdict invalid')
      await sleep(100)
    },
    async () => {
      await send('evidence', null, '/.well-known/antin/trust/G09')
      await send('evidence', null, '/log/checkpoint')
      await sleep(200)
    },
  ]
  const ended = loops.map(async loop => {
    while (running) await loop()
  })
  return {
    ledger,
    counts,
    isStopped: () => !running,
    async stop() {
      running = false
      await Promise.all(ended)
      for (const tally of Object.values(counts)) tally.longestGap = Math.max(tally.longestGap, performance.now() - tally.lastOk)
    },
  }
}

function succeed(tally: OperationCount): void {
  const now = performance.now()
  tally.ok++
  tally.longestGap = Math.max(tally.longestGap, now - tally.lastOk)
  tally.lastOk = now
}

function fail(tally: OperationCount, why: string): void {
  tally.failed++
  tally.failures.set(why, (tally.failures.get(why) ?? 0) + 1)
}
