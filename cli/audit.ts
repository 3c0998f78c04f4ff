import { hostname, userInfo } from 'node:os'
import { parseArgs } from 'node:util'
import { CliError, type CliIo } from './io.ts'
import { openOperator } from './operator.ts'

const page = 1000

/**
 * `antin audit export [--from TIME] [--until TIME] [--after ID] [--format jsonl|syslog]`: the audit in the order in which it was written, one
 * line each, on standard output. The last id is told on standard error: `--after` goes on there. The export itself is recorded.
 */
export async function audit(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      from: { type: 'string' },
      until: { type: 'string' },
      after: { type: 'string', default: '0' },
      format: { type: 'string', default: 'jsonl' },
      json: { type: 'boolean' },
      enterprise: { type: 'string', default: '32473' },
    },
  })
  const { auditFormats, auditJsonLine, auditSyslogLine } = await import('../server/audit/auditLine.ts')
  const format = auditFormats.find(one => one === values.format)
  if (positionals.join(' ') !== 'export' || !format || (values.json && format !== 'jsonl'))
    throw new CliError('Say `antin audit export`, with --format jsonl or syslog.', 64)
  const from = timeOf(values.from)
  const until = timeOf(values.until)
  const enterprise = numberOf(values.enterprise, 'enterprise')
  let after = numberOf(values.after, 'after')
  const operator = await openOperator(io)
  try {
    const { readAuditInOrder, recordAudit } = await import('../server/audit/auditTable.ts')
    const { username } = userInfo()
    const host = hostname()
    let lines = 0
    for (;;) {
      const rows = await readAuditInOrder(operator.pool, { after, from, until, limit: page })
      for (const row of rows) io.out(format === 'jsonl' ? auditJsonLine(row) : auditSyslogLine(row, host, enterprise))
      lines += rows.length
      after = rows.at(-1)?.id ?? after
      if (rows.length < page) break
    }
    await recordAudit(operator.pool, {
      actor: { sub: `os:${username}`, name: `${username} (command line)` },
      action: 'audit.exported',
      detail: { lines, lastId: after, format },
    })
    io.err(`${lines} lines, the last one is ${after}.`)
    return 0
  } finally {
    await operator.close()
  }
}

function timeOf(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const time = new Date(text)
  if (Number.isNaN(time.getTime())) throw new CliError(`"${text}" is no time; write 2026-11-21 or 2026-11-21T08:00:00+07:00.`, 64)
  return time
}

function numberOf(text: string, name: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new CliError(`--${name} is a whole number.`, 64)
  return Number(text)
}
