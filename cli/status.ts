import { parseArgs } from 'node:util'
import { CliError, type CliIo } from './io.ts'
import { signedIn } from './session.ts'

const actions = ['suspend', 'resume', 'revoke', 'replace']

/** `antin status SERIAL [ACTION --reason CODE]`: shows a card's status; suspends at once, asks a second person for the rest. */
export async function status(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      reason: { type: 'string' },
      text: { type: 'string', default: '' },
      as: { type: 'string' },
      url: { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  const [serial, action] = positionals
  if (!serial || (action !== undefined && !actions.includes(action)))
    throw new CliError(`Say a serial, and one of ${actions.join(', ')} to change it.`, 64)
  if (action !== undefined && !values.reason)
    throw new CliError('Say the reason with --reason CODE (THOI_VIEC, MAT_THE, DOI_CHUC_VU …).', 64)
  const api = await signedIn(io, { as: values.as, url: values.url })
  if (action === undefined) {
    const card = await api.get<{ serial: string; status: string; fullName: string; expiresAt: string }>(
      `/api/cards/${encodeURIComponent(serial)}`,
    )
    io.out(values.json ? JSON.stringify(card) : `${card.serial}  ${card.status}  ${card.fullName}  until ${card.expiresAt}`)
    return 0
  }
  const answer = await api.post<{ requestId: string } | undefined>(`/api/cards/${encodeURIComponent(serial)}/status`, {
    action,
    reasonCode: values.reason,
    reason: values.text,
  })
  if (values.json) io.out(JSON.stringify(answer ?? { status: 'suspended' }))
  else io.out(answer ? `Request ${answer.requestId} waits for another person: antin approve ${answer.requestId}` : 'Suspended.')
  return 0
}
