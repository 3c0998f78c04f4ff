import { explainError } from './explainError.ts'
import { type CliIo, processIo } from './io.ts'

type Run = (args: string[], io: CliIo) => Promise<number>

interface Command {
  usage: string
  what: string
  load: () => Promise<Run>
}

const commands: Record<string, Command> = {
  start: { usage: 'start', what: 'everything, with a demonstration ministry', load: async () => (await import('./start.ts')).start },
  serve: { usage: 'serve', what: 'the web server', load: async () => (await import('./serve.ts')).serve },
  work: { usage: 'work', what: 'the jobs: issuing, anchoring, expiry', load: async () => (await import('./serve.ts')).work },
  migrate: { usage: 'migrate', what: 'bring the database up to date', load: async () => (await import('./serve.ts')).migrateDatabase },
  import: {
    usage: 'import FILE [--photos ZIP] [--agency CODE] [--preview] [--errors FILE] [--good-rows]',
    what: 'people from XLSX, CSV or ODS; agencies.csv',
    load: async () => (await import('./import.ts')).importPeople,
  },
  issue: {
    usage: 'issue [--agency CODE]',
    what: 'ask for cards for all who have none',
    load: async () => (await import('./issue.ts')).issue,
  },
  register: {
    usage: 'register SHEET [--files DIR|ZIP] [--decision TEXT]',
    what: 'ask for diplomas to be registered',
    load: async () => (await import('./register.ts')).register,
  },
  stamp: {
    usage: 'stamp REF FILE --out OUT.pdf',
    what: 'a copy of a registered file with a page that attests it',
    load: async () => (await import('./stamp.ts')).stamp,
  },
  requests: { usage: 'requests [ID]', what: 'what waits for a second person', load: async () => (await import('./requests.ts')).requests },
  approve: {
    usage: 'approve ID [--without-warnings]',
    what: 'approve a request, as another person than its maker',
    load: async () => (await import('./requests.ts')).approve,
  },
  refuse: { usage: 'refuse ID --reason TEXT', what: 'refuse a request', load: async () => (await import('./requests.ts')).refuse },
  status: {
    usage: 'status SERIAL [suspend|resume|revoke|replace --reason CODE [--text WHY]]',
    what: 'a card’s status, or a change of it',
    load: async () => (await import('./status.ts')).status,
  },
  verify: {
    usage:
      'verify QR|IMAGE|PDF|FILE|- [--offline] [--receipt F] [--trust-list F|DIR] [--status-list F] [--trust-root HEX|F] [--document F] [--photo F] [--rpc URL [--contract 0x…]] [--policy standard|strict] [--at TIME] [--keep DIR] [--marks F] [--aud WHO --nonce N] [--lang vi|en]',
    what: 'verify a card or diploma without trusting the server; - is standard input',
    load: async () => (await import('./verify.ts')).verify,
  },
  wallet: {
    usage: 'wallet list | get card|REF --key KEY.pem --out FILE | show FILE --claims A,B [--aud WHO --nonce N --key KEY.pem]',
    what: 'your own card or diploma as SD-JWT VC, and what a checker is shown of it',
    load: async () => (await import('./wallet.ts')).wallet,
  },
  log: {
    usage: 'log verify [--from URL] [--rpc URL]',
    what: 'recompute the whole log and compare',
    load: async () => (await import('./logVerify.ts')).logCommand,
  },
  witness: {
    usage: 'witness',
    what: 'cosign checkpoints as an independent party',
    load: async () => (await import('./witness.ts')).witness,
  },
  keys: {
    usage: 'keys list|create|import-p12|retire|compromise|rotate-data',
    what: 'the agencies’ keys; `antin keys` lists their options',
    load: async () => (await import('./keys.ts')).keys,
  },
  trust: {
    usage: 'trust publish',
    what: 'sign and publish the trust list; `antin trust` lists more',
    load: async () => (await import('./trust.ts')).trust,
  },
  card: {
    usage: 'card suspend SERIAL --reason TEXT',
    what: 'break glass: when sign-in is down, on the server itself',
    load: async () => (await import('./breakGlass.ts')).card,
  },
  templates: {
    usage: 'templates preview NAME',
    what: 'see a card template while you write it',
    load: async () => (await import('./templates.ts')).templates,
  },
  seed: {
    usage: 'seed --people N --agencies M',
    what: 'a synthetic ministry for load tests',
    load: async () => (await import('./seed.ts')).seed,
  },
  audit: {
    usage: 'audit export [--from TIME] [--until TIME] [--after ID] [--format jsonl|syslog]',
    what: 'who did what, for the archive or a log collector',
    load: async () => (await import('./audit.ts')).audit,
  },
  backup: {
    usage: 'backup DIR',
    what: 'database and keys, one snapshot, encrypted',
    load: async () => (await import('./backup.ts')).backup,
  },
  restore: {
    usage: 'restore DIR',
    what: 'bring a backup back; nothing is issued until it is sound',
    load: async () => (await import('./backup.ts')).restore,
  },
  doctor: {
    usage: 'doctor',
    what: 'what is wrong with this installation and how to mend it',
    load: async () => (await import('./doctor.ts')).doctor,
  },
}

/** Runs one command; answers its exit code: 64 for wrong usage, else the command's own. */
async function main(args: string[], io: CliIo): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    io.out(help())
    return name === undefined ? 64 : 0
  }
  const command = Object.hasOwn(commands, name) ? commands[name]! : undefined
  if (!command) {
    io.err(`There is no command "${name}". \`antin help\` lists them.`)
    return 64
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    io.out(`antin ${command.usage} [--json]\n\n${command.what}`)
    return 0
  }
  try {
    return await (await command.load())(rest, io)
  } catch (error) {
    return explainError(error, command.usage, io)
  }
}

function help(): string {
  const lines = Object.values(commands).map(
    ({ usage, what }) => `  ${usage.padEnd(30)}${usage.length < 30 ? '' : `\n${' '.repeat(32)}`}${what}`,
  )
  return `antin: issue and verify electronic cards, diplomas and certificates\n\n${lines.join('\n')}\n\nPeople sign in in the browser (device flow); beside a demonstration --as maker|approver|printer|auditor|admin picks one.\n\`antin COMMAND --help\` shows one command; --json gives its answer as JSON.\nANTIN_URL names the server, ANTIN_CLIENT_ID and ANTIN_CLIENT_SECRET a machine client.`
}

const code = await main(process.argv.slice(2), processIo())
process.exitCode = code
// What a failed command left open (a pool, a port) must not keep it running: its supervisor waits for its end.
if (code !== 0) setTimeout(() => process.exit(code), 2000).unref()
