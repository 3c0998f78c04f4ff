import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, readConfig } from '../server/config.ts'
import type { CliIo } from './io.ts'

/** The configuration for operators' commands: the environment's, and beside a running demonstration the demonstration's settings below it. */
export function readOperatorConfig(io: CliIo): Config {
  const home = io.env.ANTIN_HOME || '.antin'
  const settings = join(home, 'demonstration', 'settings.json')
  if (io.env.DATABASE_URL || !existsSync(join(home, 'start.pid')) || !existsSync(settings)) return readConfig(io.env)
  return readConfig({ ...(JSON.parse(readFileSync(settings, 'utf8')) as NodeJS.ProcessEnv), ...io.env })
}
