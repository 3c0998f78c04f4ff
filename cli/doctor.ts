import { parseArgs } from 'node:util'
import type { CliIo } from './io.ts'

const marks = { ok: '[ok]', warning: '[!]', wrong: '[x]' } as const

/** `antin doctor`: what is wrong with this installation and how to mend it; 0 when nothing is. */
export async function doctor(args: string[], io: CliIo): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' } } })
  const { readOperatorConfig } = await import('./operatorConfig.ts')
  const { diagnose } = await import('../server/operations/doctor/diagnose.ts')
  const findings = await diagnose(readOperatorConfig(io), () => Math.floor(Date.now() / 1000))
  if (values.json) io.out(JSON.stringify(findings))
  else {
    for (const { what, state, detail, mend } of findings)
      io.out(`${marks[state].padEnd(5)} ${what.padEnd(10)} ${detail}${mend ? `\n                 → ${mend}` : ''}`)
  }
  return findings.some(finding => finding.state === 'wrong') ? 1 : 0
}
