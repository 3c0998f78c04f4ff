import { parseArgs } from 'node:util'
import { parseAgencyCode } from '../core/identity/agencyCode.ts'
import { CliError, type CliIo } from './io.ts'
import { readOperatorConfig } from './operatorConfig.ts'

/**
 * `antin seed --people N --agencies M [--root CODE] [--from K]`: synthetic people straight into the database of
 * DATABASE_URL or of the demonstration, for load tests. On the server itself only, never beside real people.
 */
export async function seed(args: string[], io: CliIo): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      people: { type: 'string' },
      agencies: { type: 'string', default: '100' },
      root: { type: 'string', default: 'G09' },
      from: { type: 'string', default: '0' },
      json: { type: 'boolean' },
    },
  })
  const people = count(values.people, 'people', 10_000_000)
  const agencies = count(values.agencies, 'agencies', 100_000)
  const from = count(values.from, 'from', 29_000_000)
  const { homePath } = await import('../server/config.ts')
  const { createPool } = await import('../server/db/pool.ts')
  const { createFieldCipher } = await import('../server/keys/fieldCipher.ts')
  const { readSecret } = await import('../server/keys/secretFile.ts')
  const { seedPeople } = await import('../server/officers/seedPeople.ts')
  const config = readOperatorConfig(io)
  if (!config.DATABASE_URL) throw new CliError('DATABASE_URL names no database, and there is no demonstration running here.', 64)
  const pool = createPool(config.DATABASE_URL, { max: 2 })
  try {
    const cipher = await createFieldCipher(pool, readSecret(config.MASTER_KEY_FILE ?? homePath(config, 'keys', 'master.key')))
    const start = performance.now()
    await seedPeople(
      { pool, cipher },
      {
        people,
        agencies,
        root: parseAgencyCode(values.root),
        from,
        onProgress: done => io.progress(`${done} of ${people} people`, done === people),
      },
    )
    const seconds = (performance.now() - start) / 1000
    if (values.json) io.out(JSON.stringify({ people, agencies, seconds }))
    else io.out(`${people} synthetic people in ${agencies} agencies, ${seconds.toFixed(1)} s`)
  } finally {
    await pool.end()
  }
  return 0
}

function count(text: string | undefined, name: string, most: number): number {
  const number = Number(text)
  if (!text || !Number.isSafeInteger(number) || number < 0 || number > most) throw new CliError(`--${name} is a number up to ${most}`, 64)
  return number
}
