import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { parseArgs } from 'node:util'
import { askSecret, askToConfirm } from './ask.ts'
import { CliError, type CliIo } from './io.ts'
import { openOperator } from './operator.ts'
import { rotateData, rotateMaster } from './rotateData.ts'

const options = {
  agency: { type: 'string' },
  use: { type: 'string' },
  years: { type: 'string', default: '5' },
  until: { type: 'string' },
  token: { type: 'string' },
  id: { type: 'string' },
  'passphrase-file': { type: 'string' },
  p12: { type: 'string' },
  by: { type: 'string' },
  roots: { type: 'string' },
  at: { type: 'string' },
  'last-honest': { type: 'string' },
  'log-size': { type: 'string' },
  to: { type: 'string' },
  now: { type: 'boolean' },
  yes: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

type Values = ReturnType<typeof parse>['values']
type Operator = Awaited<ReturnType<typeof openOperator>>
type Action = (operator: Operator, values: Values, rest: string[], io: CliIo) => Promise<number>

const usage = `antin keys list [--agency CODE]
antin keys create --agency CODE --use card|diploma|status [--years N | --until DATE] [--token LABEL]
antin keys adopt --agency CODE --use USE --token LABEL --id HEX      (a key that is on a token already)
antin keys tokens [--token LABEL]                                    (the tokens there are, and the keys on one)
antin keys import-p12 FILE --agency CODE --use USE [--passphrase-file F]
antin keys endorse KID --p12 FILE [--passphrase-file F] | --by KID   (a document key that is registered here, also on a token)
antin keys endorsement KID --roots FILE.pem                          (verifies it)
antin keys retire KID [--at TIME] [--yes]
antin keys compromise KID --last-honest TIME | --log-size N [--yes]
antin keys rotate-data [--now]                                       (a new key for data at rest)
antin keys rotate-master --to FILE                                   (another master key)`

const actions: Record<string, Action> = {
  list,
  create,
  adopt,
  tokens,
  'import-p12': importP12,
  endorse,
  endorsement,
  retire,
  compromise,
  'rotate-data': (operator, { now = false, json = false }, _rest, io) => rotateData(operator, { now, json }, actor(), io),
  'rotate-master': (operator, { to }, _rest, io) => rotateMaster(operator, to, actor(), io),
}

/** `antin keys …`: the agencies' keys, on the server itself. What is done is in the audit under the operating system's user. */
export async function keys(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parse(args)
  const [name, ...rest] = positionals
  const action = name !== undefined && Object.hasOwn(actions, name) ? actions[name] : undefined
  if (!action) throw new CliError(usage, 64)
  const operator = await openOperator(io)
  try {
    return await action(operator, values, rest, io)
  } finally {
    await operator.close()
  }
}

function parse(args: string[]) {
  return parseArgs({ args, allowPositionals: true, options })
}

async function list({ pool }: Operator, values: Values, _rest: string[], io: CliIo): Promise<number> {
  const { readKeys } = await import('../server/keys/keysTable.ts')
  for (const key of await readKeys(pool, { agency: values.agency })) {
    const kid = key.kid.toString('base64url')
    if (values.json) {
      const { kid: _, thumbprint, endorsement: digest, x5c: __, ...rest } = key
      io.out(
        JSON.stringify({ kid, thumbprint: thumbprint.toString('base64url'), ...rest, endorsement: digest?.toString('base64url') ?? null }),
      )
      continue
    }
    const state = key.compromise
      ? `compromised, honest up to log size ${key.compromise.logSize}`
      : key.retiredAt !== null
        ? `retired ${timeText(key.retiredAt)}`
        : key.servedAt === null
          ? 'waits for `antin trust publish`'
          : `served since ${timeText(key.servedAt)}`
    io.out(
      `${kid}  ${key.agency.padEnd(12)} ${key.use.padEnd(8)} ${key.form.padEnd(6)} ${timeText(key.notBefore)} .. ${timeText(key.notAfter)}  ${state}`,
    )
  }
  return 0
}

async function create(operator: Operator, values: Values, _rest: string[], io: CliIo): Promise<number> {
  const { createKey } = await import('../server/keys/createKey.ts')
  const { agency, use } = await subject(values)
  const key = await createKey(operator, { agency, use, notAfter: endOf(operator, values), tokenLabel: values.token }, actor())
  return added(io, values, key)
}

async function adopt(operator: Operator, values: Values, _rest: string[], io: CliIo): Promise<number> {
  const { adoptTokenKey } = await import('../server/keys/createKey.ts')
  if (!values.token || !values.id) throw new CliError(usage, 64)
  const notAfter = values.until ? endOf(operator, values) : undefined
  return added(
    io,
    values,
    await adoptTokenKey(operator, { ...(await subject(values)), notAfter, tokenLabel: values.token, id: values.id }, actor()),
  )
}

async function tokens({ store }: Operator, values: Values, _rest: string[], io: CliIo): Promise<number> {
  if (values.token === undefined) {
    for (const token of await store.tokens())
      io.out(
        values.json ? JSON.stringify(token) : `${token.label.padEnd(32)} ${token.state.padEnd(16)} ${token.manufacturer} ${token.model}`,
      )
    return 0
  }
  const { certificateFacts } = await import('../server/keys/certificateFacts.ts')
  for (const { id, signer, x5c } of await store.keysOn(values.token)) {
    const kid = Buffer.from(signer.kid).toString('base64url')
    const subject = x5c.length > 0 ? certificateFacts(x5c).subject : null
    io.out(
      values.json
        ? JSON.stringify({ id, kid, kty: signer.jwk.kty, subject })
        : `${id}  ${kid}  ${signer.jwk.kty}  ${subject ?? 'no certificate'}`,
    )
  }
  return 0
}

async function importP12(operator: Operator, values: Values, [file]: string[], io: CliIo): Promise<number> {
  const { importPkcs12Key } = await import('../server/keys/createKey.ts')
  if (!file) throw new CliError(usage, 64)
  const notAfter = values.until ? endOf(operator, values) : undefined
  const input = { ...(await subject(values)), notAfter, file: readFileSync(file), passphrase: await filePassphrase(io, values) }
  return added(io, values, await importPkcs12Key(operator, input, actor()))
}

async function endorse(operator: Operator, values: Values, [kid]: string[], io: CliIo): Promise<number> {
  const { endorseKey } = await import('../server/keys/endorseKey.ts')
  const { registeredEndorser } = await import('../server/keys/registeredEndorser.ts')
  const { pkcs12Signer } = await import('../server/keys/pkcs12.ts')
  if (!kid || (values.p12 === undefined) === (values.by === undefined)) throw new CliError(usage, 64)
  const signer = values.p12
    ? pkcs12Signer(readFileSync(values.p12), await filePassphrase(io, values), 'endorsement')
    : await registeredEndorser(operator, kidOf(values.by!))
  const { digest } = await endorseKey(operator, kidOf(kid), signer, actor())
  io.out(
    values.json ? JSON.stringify({ digest: Buffer.from(digest).toString('hex') }) : `Endorsed. The next \`antin trust publish\` names it.`,
  )
  return 0
}

async function endorsement({ pool, clock }: Operator, values: Values, [kid]: string[], io: CliIo): Promise<number> {
  const { readEndorsement, readKey } = await import('../server/keys/keysTable.ts')
  const { verifyEndorsement } = await import('../server/keys/endorsement.ts')
  if (!kid || !values.roots) throw new CliError(usage, 64)
  const key = await readKey(pool, kidOf(kid))
  const jws = key.endorsement && (await readEndorsement(pool, key.endorsement))
  if (!jws) throw new CliError('The key has no endorsement.')
  const roots = readFileSync(values.roots, 'utf8').match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []
  const { leaf, ...claims } = verifyEndorsement(
    jws,
    roots.map(pem => new X509Certificate(pem)),
    clock(),
  )
  const isThisKey = claims.thumbprint === key.thumbprint.toString('base64url') && claims.code === key.agency && claims.use === key.use
  io.out(
    values.json
      ? JSON.stringify({ ...claims, subject: leaf.subject, isThisKey })
      : `${leaf.subject.replaceAll('\n', ', ')} endorses ${claims.code} for ${claims.use}`,
  )
  return isThisKey ? 0 : 1
}

async function retire(operator: Operator, values: Values, [kid]: string[], io: CliIo): Promise<number> {
  const { readKey, readKeys } = await import('../server/keys/keysTable.ts')
  const { retireKey } = await import('../server/keys/retireKey.ts')
  if (!kid) throw new CliError(usage, 64)
  const key = await readKey(operator.pool, kidOf(kid))
  const others = (await readKeys(operator.pool, { agency: key.agency, use: key.use })).filter(
    other =>
      !other.kid.equals(key.kid) &&
      other.servedAt !== null &&
      other.retiredAt === null &&
      other.compromise === null &&
      other.notAfter > operator.clock(),
  )
  io.err(`${kid} of ${key.agency} for ${key.use}: what it signed so far stays valid.`)
  io.err(
    others.length > 0
      ? `${others.length} other published key(s) sign instead.`
      : `No other published key of ${key.agency} signs a ${key.use}: only one of an agency above it could.`,
  )
  if (!values.yes && !(await askToConfirm(io, 'Retire it?', 'retire'))) return 1
  const retired = await retireKey(operator, key.kid, actor(), values.at ? secondsOf(values.at) : undefined)
  io.out(
    values.json
      ? JSON.stringify({ kid, retiredAt: retired.retiredAt })
      : `It signs until ${timeText(retired.retiredAt!)}. Run \`antin trust publish\`.`,
  )
  return 0
}

async function compromise(operator: Operator, values: Values, [kid]: string[], io: CliIo): Promise<number> {
  const { compromiseEffect, compromiseKey } = await import('../server/keys/compromiseKey.ts')
  const { honestLogState } = await import('../server/keys/honestLogState.ts')
  if (!kid || (values['last-honest'] === undefined) === (values['log-size'] === undefined)) throw new CliError(usage, 64)
  const lastHonest = values['log-size'] === undefined ? secondsOf(values['last-honest']!) : { logSize: Number(values['log-size']) }
  const state = await honestLogState(operator.pool, { origin: operator.logOrigin, at: operator.clock(), lastHonest })
  const effect = await compromiseEffect(operator.pool, kidOf(kid), state)
  const { key } = effect
  io.err(`${kid} of ${key.agency} for ${key.use}. The log was last honest at ${state.logSize} entries.`)
  io.err(
    `It signed ${effect.cards} cards (${effect.validCards} valid now) and ${effect.diplomas} diplomas (${effect.validDiplomas} valid now).`,
  )
  io.err(
    `${effect.loggedBelow} of them stand, with a proof under that size; ${effect.lost} will have an issuer that cannot be confirmed and must be issued again.`,
  )
  if (key.use === 'status')
    io.err(`It signs ${effect.statusLists} status list(s) now: another key has to take over, or all their credentials become undetermined.`)
  io.err('It signs nothing from now on. This cannot be taken back.')
  if (!values.yes && !(await askToConfirm(io, 'Call it compromised?', kid))) return 1
  await compromiseKey(operator, key.kid, state, actor())
  io.out(
    values.json
      ? JSON.stringify({ kid, compromise: state, lost: effect.lost })
      : 'Done. Verifiers learn of it from the next `antin trust publish`: run it now.',
  )
  return 0
}

function added(io: CliIo, values: Values, key: { kid: Buffer; agency: string; use: string; notBefore: number; notAfter: number }): number {
  const kid = key.kid.toString('base64url')
  const { agency, use, notBefore, notAfter } = key
  io.out(
    values.json
      ? JSON.stringify({ kid, agency, use, notBefore, notAfter })
      : `${kid} of ${agency} for ${use}. It signs once \`antin trust publish\` has named it and the waiting time is over.`,
  )
  return 0
}

async function subject(values: Values) {
  const { parseAgencyCode } = await import('../core/identity/agencyCode.ts')
  const { keyUses } = await import('../server/keys/signer.ts')
  const use = keyUses.find(one => one === values.use)
  if (!values.agency || !use) throw new CliError(usage, 64)
  return { agency: parseAgencyCode(values.agency), use }
}

function endOf({ clock }: Operator, values: Values): number {
  if (values.until) return secondsOf(values.until)
  const years = Number(values.years)
  if (!(years > 0 && years <= 30)) throw new CliError('--years is a number up to 30.', 64)
  return Math.floor(clock() + years * 365.25 * 86_400)
}

async function filePassphrase(io: CliIo, values: Values): Promise<string> {
  const file = values['passphrase-file']
  return file ? readFileSync(file, 'utf8').replace(/\r?\n$/, '') : askSecret(io, 'Passphrase of the PKCS#12 file: ')
}

function kidOf(text: string): Buffer {
  const kid = Buffer.from(text, 'base64url')
  if (kid.length !== 8) throw new CliError(`"${text}" is no key id; \`antin keys list\` shows them.`, 64)
  return kid
}

function secondsOf(text: string): number {
  const time = /^\d{9,11}$/.test(text) ? Number(text) : Math.floor(Date.parse(text) / 1000)
  if (!Number.isFinite(time)) throw new CliError(`"${text}" is no time; write 2026-11-21T08:00:00+07:00.`, 64)
  return time
}

function timeText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
}

function actor() {
  const { username } = userInfo()
  return { sub: `os:${username}`, name: `${username} (command line)` }
}
