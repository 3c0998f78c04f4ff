import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Officer } from '../server/trust/trustOffice.ts'
import { askSecret, askToConfirm } from './ask.ts'
import { CliError, type CliIo } from './io.ts'
import { openOperator } from './operator.ts'

const options = {
  office: { type: 'string' },
  officers: { type: 'string' },
  present: { type: 'string' },
  passphrases: { type: 'string' },
  threshold: { type: 'string', default: '2' },
  years: { type: 'string', default: '2' },
  authority: { type: 'string', default: 'Ấn Tín agency authority' },
  stay: { type: 'boolean' },
  remove: { type: 'boolean' },
  yes: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

type Values = ReturnType<typeof parse>['values']

const usage = `antin trust init --officers A,B,C [--threshold 2] [--years 2]
antin trust publish --officers A,B [--stay]          (--stay signs anew every 12 hours until stopped)
antin trust rotate --present A,B --officers A,B,D [--threshold 2] [--years 2]
antin trust log VKEY                                 (the log that \`antin migrate\` named)
antin trust witness VKEY [--remove]
antin trust show
All: [--office DIR] (ANTIN_HOME/trust-office) [--passphrases FILE] (lines NAME:PASSPHRASE, instead of typing)`

/** `antin trust …`: the trust office. Root and trust keys are never read by a web server or worker. */
export async function trust(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parse(args)
  const [action, argument] = positionals
  if (action === 'init') return init(values, io)
  if (action === 'publish') return publish(values, io)
  if (action === 'rotate') return rotate(values, io)
  if (action === 'log' && argument) return log(argument, io)
  if (action === 'witness' && argument) return witness(argument, values, io)
  if (action === 'show') return show(values, io)
  throw new CliError(usage, 64)
}

function parse(args: string[]) {
  return parseArgs({ args, allowPositionals: true, options })
}

async function init(values: Values, io: CliIo): Promise<number> {
  const { createTrustOffice, openTrustOffice } = await import('../server/trust/trustOffice.ts')
  const officers = await people(values, io, values.officers, true)
  const dir = await officeDir(values, io)
  await createTrustOffice(dir, officers, terms(values), values.authority)
  const { pin } = await openTrustOffice(dir, officers.slice(0, 2))
  io.out(
    values.json
      ? JSON.stringify({ pin, dir })
      : `Trust office in ${dir}.\nVerifiers pin ANTIN_TRUST_ROOT=${pin}\nPublish with \`antin trust publish\`.`,
  )
  return 0
}

async function rotate(values: Values, io: CliIo): Promise<number> {
  const { rotateRoot } = await import('../server/trust/trustOffice.ts')
  const present = await people(values, io, values.present, false)
  const officers = await people(values, io, values.officers, true, present)
  await rotateRoot(await officeDir(values, io), present, officers, terms(values))
  io.out('The next root is signed. Publish it now: `antin trust publish`.')
  return 0
}

async function publish(values: Values, io: CliIo): Promise<number> {
  const { openTrustOffice, rootPayloadOf } = await import('../server/trust/trustOffice.ts')
  const { publishTrust, signTrustAfter } = await import('../server/trust/publishTrust.ts')
  const { readPublishedFacts, trustChanges } = await import('../server/trust/trustChanges.ts')
  const { readTrustFacts } = await import('../server/trust/trustFacts.ts')
  const { readTrustNetwork } = await import('../server/trust/trustNetworkTable.ts')
  const { readContracts } = await import('../server/anchoring/contractsTable.ts')
  const operator = await openOperator(io)
  try {
    const { pool, origin, clock, config } = operator
    const network = async () => readTrustNetwork(pool, { anchors: await readContracts(pool), quorum: config.WITNESS_QUORUM })
    const factsNow = async () => ({ agencies: await readTrustFacts(pool, origin), network: await network() })
    const facts = await factsNow()
    const changes = trustChanges(await readPublishedFacts(pool), facts)
    for (const { how, what, name } of changes) io.err(`  ${how.padEnd(8)} ${what.padEnd(8)} ${name}`)
    io.err(
      changes.length === 0
        ? 'Nothing changed since the last publication; it will be signed anew.'
        : `${changes.length} changes to publish.`,
    )
    if (facts.network.logs.length === 0)
      io.err('No log is named: say it with `antin trust log VKEY`, or nothing can be proven to be in it.')
    const officers = await people(values, io, values.officers, false)
    const dir = await officeDir(values, io)
    const office = await openTrustOffice(dir, officers)
    const daysLeft = Math.floor((rootPayloadOf(office.roots.at(-1)!).payload.exp - clock()) / 86_400)
    if (daysLeft < 90) io.err(`The root expires in ${daysLeft} days: \`antin trust rotate\`.`)
    if (!values.yes && !(await askToConfirm(io, `Both of you, ${office.officers.join(' and ')}, have read the changes?`, 'publish')))
      return 1
    for (;;) {
      const published = await publishTrust(
        { pool, office: await openTrustOffice(dir, officers), publicUrl: origin, network, clock },
        { facts },
      )
      io.out(values.json ? JSON.stringify({ ...published, pin: office.pin }) : `Published epoch ${published.epoch}, seq ${published.seq}.`)
      if (!values.stay) return 0
      await pause(signTrustAfter * 1000)
      // What changed meanwhile waits for two people; what they agreed to is signed anew, so that it does not expire.
      const waiting = trustChanges(facts, await factsNow())
      if (waiting.length > 0) io.err(`${waiting.length} changes wait for two people: stop this and publish again.`)
    }
  } finally {
    await operator.close()
  }
}

async function log(vkey: string, io: CliIo): Promise<number> {
  const { parseVerifierKey } = await import('../core/log/verifierKey.ts')
  const { nodeCrypto } = await import('../server/keys/nodeCrypto.ts')
  const { noteLog } = await import('../server/trust/trustNetworkTable.ts')
  const { kind, name } = await parseVerifierKey(vkey, nodeCrypto)
  if (kind !== 'note') throw new CliError('Not the vkey of a log.', 64)
  const { pool, origin, clock, close } = await openOperator(io)
  try {
    await noteLog(pool, { origin: name, vkey, url: `${origin}/log`, from: clock() })
    io.out('Noted for the next `antin trust publish`.')
    return 0
  } finally {
    await close()
  }
}

async function witness(vkey: string, values: Values, io: CliIo): Promise<number> {
  const { parseVerifierKey } = await import('../core/log/verifierKey.ts')
  const { nodeCrypto } = await import('../server/keys/nodeCrypto.ts')
  const { deleteWitness, insertWitness } = await import('../server/trust/trustNetworkTable.ts')
  const { kind } = await parseVerifierKey(vkey, nodeCrypto)
  if (kind !== 'cosignature') throw new CliError('Not the vkey of a witness (cosignature/v1).', 64)
  const operator = await openOperator(io)
  try {
    if (values.remove) {
      if (!(await deleteWitness(operator.pool, vkey))) throw new CliError('No such witness.')
    } else await insertWitness(operator.pool, vkey)
    io.out('Noted for the next `antin trust publish`.')
    return 0
  } finally {
    await operator.close()
  }
}

async function show(values: Values, io: CliIo): Promise<number> {
  const { readLastPublication, readRoot } = await import('../server/trust/trustTable.ts')
  const operator = await openOperator(io)
  try {
    const [root, last] = [await readRoot(operator.pool, 1), await readLastPublication(operator.pool)]
    if (!root || !last) throw new CliError('Nothing is published yet: `antin trust init`, then `antin trust publish`.')
    const { epoch, seq, iat } = last
    const pin = root.digest.toString('hex')
    const time = new Date(iat * 1000).toISOString()
    io.out(
      values.json ? JSON.stringify({ pin, epoch, seq, iat }) : `ANTIN_TRUST_ROOT=${pin}\nepoch ${epoch}, seq ${seq}, signed at ${time}`,
    )
    return 0
  } finally {
    await operator.close()
  }
}

async function officeDir(values: Values, io: CliIo): Promise<string> {
  const { homePath, readConfig } = await import('../server/config.ts')
  return values.office ?? homePath(readConfig(io.env), 'trust-office')
}

function terms(values: Values) {
  return { threshold: Number(values.threshold), years: Number(values.years), at: Math.floor(Date.now() / 1000) }
}

/** The named officers with their passphrases: from the file, from those who are present already, or typed; twice when they are new. */
async function people(
  values: Values,
  io: CliIo,
  names: string | undefined,
  isNew: boolean,
  present: readonly Officer[] = [],
): Promise<Officer[]> {
  if (!names) throw new CliError(usage, 64)
  const known = new Map(present.map(officer => [officer.name, officer.passphrase]))
  if (values.passphrases) {
    for (const line of readFileSync(values.passphrases, 'utf8').split('\n')) {
      const at = line.indexOf(':')
      if (at > 0) known.set(line.slice(0, at), line.slice(at + 1).replace(/\r$/, ''))
    }
  }
  const officers: Officer[] = []
  for (const name of names.split(',').map(text => text.trim())) {
    const passphrase = known.get(name) ?? (await askSecret(io, `Passphrase of ${name}: `))
    if (isNew && !known.has(name)) {
      if (passphrase.length < 12) throw new CliError('A passphrase has at least 12 characters.', 64)
      if ((await askSecret(io, `Passphrase of ${name} again: `)) !== passphrase) throw new CliError('The two differ.', 64)
    }
    officers.push({ name, passphrase })
  }
  return officers
}
