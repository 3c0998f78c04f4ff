#!/usr/bin/env node
// Runs `antin` (or, with --run a Node script, with --sh a command line) on Node 24 with the locked dependencies.
// Plain JavaScript that Node 12 reads (Ubuntu 22.04 has it), so that it can say what is needed.
// With Node 24 and node_modules in place it only starts the command.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const windows = process.platform === 'win32'
const major = Number(process.versions.node.split('.')[0])
if (major < 20) stop(`Ấn Tín needs Node 20 or newer to start; this is ${process.version}. Install a newer Node and try again.`)
const node = major >= 24 ? process.execPath : node24()
const env = { ...process.env, PATH: [join(root, 'node_modules/.bin'), dirname(node), process.env.PATH].join(delimiter) }
install()

const [first, ...rest] = process.argv.slice(2)
const child =
  first === '--sh'
    ? spawn(rest.join(' '), { stdio: 'inherit', env, cwd: root, shell: true })
    : spawn(
        node,
        first === '--run' ? rest : ['--disable-warning=ExperimentalWarning', join(root, 'cli/main.ts'), ...process.argv.slice(2)],
        { stdio: 'inherit', env },
      )
// A terminal's Ctrl-C reaches the child by itself; other signals are passed on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => signal === 'SIGINT' || child.kill(signal))
child.on('exit', (code, signal) => process.exit(code === null ? 128 + constants.signals[signal] : code))

/** Path of a Node 24 binary, fetched once into npm's cache. The platform's package needs no install script. */
function node24() {
  const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'
  const name = [prefix, windows ? 'win' : process.platform, process.arch].join('-')
  const found = spawnSync('npx', ['--yes', `--package=${name}@24`, '-c', 'node -p process.execPath'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: windows,
  })
  const path = String(found.stdout || '').trim()
  if (!path || path === process.execPath) stop(`Ấn Tín needs Node 24; this is ${process.version} and npm could not fetch it.`, found.stderr)
  return path
}

/** npm install of the locked versions under Node 24, once for each package-lock.json. */
function install() {
  const stamp = join(root, 'node_modules/.antin-lock')
  const wanted = createHash('sha256')
    .update(fs.readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return
  process.stderr.write('Installing dependencies …\n')
  // npm 11's `npm ci` refuses locks that miss other platforms' packages.
  const npm = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    env,
    stdio: ['ignore', 2, 2],
    shell: windows,
  })
  if (npm.status !== 0) {
    const { bavail, bsize } = fs.statfsSync(root)
    // npm takes away what it wrote before it ends, and does not say that the disk was full.
    stop(bavail * bsize < 1e9 ? `The disk is too small: installing needs about 1 GB in ${root}.` : 'npm install failed; see above.')
  }
  fs.writeFileSync(stamp, wanted)
}

function stop(line, detail = '') {
  process.stderr.write(`${line}\n${detail || ''}`)
  process.exit(1)
}
