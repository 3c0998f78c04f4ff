import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { CliError, type CliIo } from './io.ts'
import { type ApiSession, signedIn } from './session.ts'

/** A request as the API shows it. */
export interface ShownRequest {
  id: string
  kind: string
  agency: string
  maker: string
  approver: string | null
  status: string
  total: number
  done: number
  failed: number
  createdAt: string
  claimsDigest?: string
  counts?: { warnings: number }
  items?: { seq: number; state: string; outcome: string; warnings: { code: string }[]; claims: Record<string, unknown> }[]
}

const common = { as: { type: 'string' }, url: { type: 'string' }, json: { type: 'boolean' } } as const

/** `antin requests [ID]`: what waits for a second person, or one request with its items. */
export async function requests(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { ...common, all: { type: 'boolean' } } })
  const api = await signedIn(io, { as: values.as, otherwise: 'approver', url: values.url })
  const [id] = positionals
  if (id) {
    const request = await api.get<ShownRequest>(`/api/requests/${encodeURIComponent(id)}?limit=200`)
    if (values.json) io.out(JSON.stringify(request))
    else showRequest(io, request)
    return 0
  }
  const { requests: rows } = await api.get<{ requests: ShownRequest[] }>(`/api/requests${values.all ? '' : '?status=pending'}`)
  if (values.json) io.out(JSON.stringify(rows))
  else if (rows.length === 0) io.out('Nothing waits.')
  else
    for (const row of rows)
      io.out(
        `${row.id}  ${row.kind.padEnd(17)} ${row.status.padEnd(9)} ${String(row.total).padStart(6)}  ${row.agency}  ${row.maker}  ${row.createdAt}`,
      )
  return 0
}

/** `antin approve ID`: approves as the second person and waits until the job has carried it out. */
export async function approve(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...common, 'without-warnings': { type: 'boolean' }, 'no-wait': { type: 'boolean' } },
  })
  const [id] = positionals
  if (!id) throw new CliError('Which request? `antin requests` lists them.', 64)
  const api = await signedIn(io, { as: values.as, otherwise: 'approver', url: values.url })
  const shown = await api.get<ShownRequest>(`/api/requests/${encodeURIComponent(id)}?limit=1`)
  io.err(`${shown.kind}: ${shown.total} of ${shown.agency}, made by ${shown.maker}, ${shown.counts?.warnings ?? 0} with warnings`)
  const decision = await api.post<{ approved: number; held: number; heldRequestId: string | null }>(
    `/api/requests/${encodeURIComponent(id)}/approve`,
    {
      claimsDigest: shown.claimsDigest,
      selection: values['without-warnings'] ? 'without-warnings' : 'all',
    },
  )
  if (decision.heldRequestId) io.err(`Held back ${decision.held} with warnings, in request ${decision.heldRequestId}`)
  if (values['no-wait']) {
    if (values.json) io.out(JSON.stringify(decision))
    return 0
  }
  const done = await waitUntilDone(api, id, io)
  if (values.json) io.out(JSON.stringify(done))
  else io.out(`Done: ${done.done} of ${done.total}${done.failed > 0 ? `, ${done.failed} not (antin requests ${id} says why)` : ''}`)
  return done.failed > 0 ? 1 : 0
}

/** `antin refuse ID --reason TEXT` */
export async function refuse(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { ...common, reason: { type: 'string' } } })
  const [id] = positionals
  if (!id || !values.reason) throw new CliError('Say which request, and why: its maker will read it.', 64)
  const api = await signedIn(io, { as: values.as, otherwise: 'approver', url: values.url })
  await api.post(`/api/requests/${encodeURIComponent(id)}/refuse`, { reason: values.reason })
  io.out(values.json ? JSON.stringify({ id, status: 'refused' }) : 'Refused.')
  return 0
}

/** Follows a request until its job is done. */
export async function waitUntilDone(api: ApiSession, id: string, io: CliIo): Promise<ShownRequest> {
  for (;;) {
    const request = await api.get<ShownRequest>(`/api/requests/${encodeURIComponent(id)}?limit=1`)
    const isDone = !['approved', 'running'].includes(request.status)
    io.progress(`${request.done + request.failed} of ${request.total}`, isDone)
    if (isDone) return request
    await sleep(200)
  }
}

/** `move G09.22 Học viện` of a request for agencies. */
function agencyChange({ action, code, name }: Record<string, unknown>): string | undefined {
  return code === undefined ? undefined : [action, code, name].join(' ')
}

function showRequest(io: CliIo, request: ShownRequest): void {
  io.out(
    `${request.kind} ${request.status}: ${request.total} of ${request.agency}, made by ${request.maker}${request.approver ? `, decided by ${request.approver}` : ''}`,
  )
  for (const item of request.items ?? []) {
    const name = item.claims.fullName ?? item.claims.holderName ?? item.claims.serial ?? agencyChange(item.claims) ?? ''
    const notes = [...item.warnings.map(warning => warning.code), item.outcome].filter(Boolean).join(', ')
    io.out(`  ${String(item.seq).padStart(5)}  ${item.state.padEnd(8)} ${String(name)}${notes ? `  (${notes})` : ''}`)
  }
}
