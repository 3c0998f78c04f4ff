import { userInfo } from 'node:os'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { CliError, type CliIo } from './io.ts'

/**
 * `antin card suspend SERIAL --reason TEXT`: break glass on the server itself when sign-in is down. It needs the database and the keys'
 * folder, and the audit names the operating system's user.
 */
export async function card(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { reason: { type: 'string' }, json: { type: 'boolean' } },
  })
  const [action, ...serials] = positionals
  if (action !== 'suspend' || serials.length === 0 || !values.reason)
    throw new CliError('Say which cards, and why: the audit keeps it.', 64)
  const { readOperatorConfig } = await import('./operatorConfig.ts')
  const { openInstallation } = await import('../server/installation.ts')
  const { suspendCards } = await import('../server/cards/changeStatus.ts')
  const installation = await openInstallation(readOperatorConfig(io), pino({ level: 'silent' }))
  try {
    const user = userInfo().username
    await suspendCards(installation, {
      actor: { sub: `break-glass:${user}`, name: `Khẩn cấp: ${user}` },
      serials,
      reasonCode: 'KHAC',
      reason: values.reason,
    })
    io.out(values.json ? JSON.stringify({ suspended: serials }) : `Suspended: ${serials.join(', ')}`)
    return 0
  } finally {
    await installation.close()
  }
}
