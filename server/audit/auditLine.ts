import type { AuditRow } from './auditTable.ts'

export const auditFormats = ['jsonl', 'syslog'] as const

/** Facility 13 (log audit), severity 6 (informational): RFC 5424 6.2.1. */
const priority = 13 * 8 + 6

/** One line of the audit as a JSON object, without the line's end. */
export function auditJsonLine({ at, ...row }: AuditRow): string {
  return JSON.stringify({ at: at.toISOString(), ...row })
}

/**
 * One line of the audit as a syslog message (RFC 5424), without the line's end: MSGID is the action, everything else is structured data
 * under `antin@ENTERPRISE`, and the message repeats who did what in words. `host` is reduced to printable ASCII.
 */
export function auditSyslogLine(row: AuditRow, host: string, enterprise = 32473): string {
  const fields: Record<string, string | number | null> = {
    id: row.id,
    actor: row.actor,
    actorName: row.actorName,
    action: row.action,
    agency: row.agencyCode,
    subject: row.subject,
    leafIndex: row.leafIndex,
    detail: JSON.stringify(row.detail),
  }
  const data = Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [`${name}="${paramValue(String(value))}"`]))
  const words = [row.actorName, row.action, row.subject ?? ''].join(' ').trim()
  return `<${priority}>1 ${row.at.toISOString()} ${header(host, 255)} antin - ${header(row.action, 32)} [antin@${enterprise} ${data.join(' ')}] \uFEFF${oneLine(words)}`
}

/** RFC 5424 6: 1 to `most` printable ASCII characters, else the nil value. */
function header(text: string, most: number): string {
  return text.replace(/[^\x21-\x7e]/g, '').slice(0, most) || '-'
}

/** RFC 5424 6.3.3: `"`, `\` and `]` are escaped. A line's end would begin another message. */
function paramValue(text: string): string {
  return oneLine(text).replace(/["\\\]]/g, '\\$&')
}

function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
}
