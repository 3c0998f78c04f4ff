import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { SignJWT } from 'jose'
import { webCrypto } from '../core/crypto/webCrypto.ts'
import { parseSdJwt } from '../core/sd-jwt/parse.ts'
import { presentSdJwt } from '../core/sd-jwt/present.ts'
import { CliError, type CliIo } from './io.ts'
import { signedIn } from './session.ts'

const subcommands: Record<string, (args: string[], io: CliIo) => Promise<number>> = { list, get, show }

/** `antin wallet list|get|show`: what is the caller's own, as SD-JWT VC under a key of theirs, and what a checker is shown of it. */
export async function wallet(args: string[], io: CliIo): Promise<number> {
  const [name = '', ...rest] = args
  const run = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined
  if (!run) throw new CliError('Say list, get or show.', 64)
  return run(rest, io)
}

interface OwnDiploma {
  ref: string
  title: string
  number: string | null
  registerNumber: string | null
  awarded: string
  status: string
}

/** `antin wallet list`: the caller's diplomas by their refs. */
async function list(args: string[], io: CliIo): Promise<number> {
  const { values } = parseArgs({ args, options: { as: { type: 'string' }, url: { type: 'string' }, json: { type: 'boolean' } } })
  const api = await signedIn(io, { as: values.as, url: values.url })
  const { diplomas } = await api.get<{ diplomas: OwnDiploma[] }>('/api/own-diplomas')
  if (values.json) io.out(JSON.stringify(diplomas))
  else for (const one of diplomas) io.out(`${one.ref}  ${one.status}  ${one.title}, ${one.number ?? one.registerNumber}, ${one.awarded}`)
  return 0
}

/** `antin wallet get card|REF --key KEY.pem --out FILE`: the wallet's key is made where it is not there. */
async function get(args: string[], io: CliIo): Promise<number> {
  // A ref may begin with "-", so it is taken before the options are read.
  const [what = '', ...others] = args
  const { values } = parseArgs({
    args: others,
    options: {
      key: { type: 'string' },
      out: { type: 'string' },
      as: { type: 'string' },
      url: { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  if (what !== 'card' && !/^[\w-]{22}$/.test(what)) throw new CliError('Say card, or the ref of a diploma of yours.', 64)
  const { key: keyFile, out } = values
  if (!keyFile || !out) throw new CliError('Say --key KEY.pem and --out FILE.', 64)
  if (existsSync(out)) throw new CliError(`${out} exists already.`, 64)
  const key = existsSync(keyFile) ? readKey(keyFile) : makeKey(keyFile, io)
  const api = await signedIn(io, { as: values.as, url: values.url })
  const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' })
  const proof = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', typ: 'openid4vci-proof+jwt', jwk: { kty: kty!, crv: crv!, x: x!, y: y! } })
    .setAudience(new URL(api.baseUrl).origin)
    .setIssuedAt()
    .sign(key)
  const path = what === 'card' ? '/api/own-card/sd-jwt' : `/api/own-diplomas/${encodeURIComponent(what)}/sd-jwt`
  const { credential } = await api.post<{ credential: string }>(path, { proof })
  writeFileSync(out, `${credential}\n`, { mode: 0o600 })
  const { disclosures } = parseSdJwt(credential)
  const claims = disclosures.map(({ name }) => name)
  io.out(values.json ? JSON.stringify({ file: out, claims }) : `${out} made; it can disclose ${claims.join(', ')}.`)
  return 0
}

/** `antin wallet show FILE --claims A,B --aud WHO --nonce N --key KEY.pem --out FILE`: without --aud and --nonce nothing is bound. */
async function show(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      claims: { type: 'string' },
      aud: { type: 'string' },
      nonce: { type: 'string' },
      key: { type: 'string' },
      out: { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  const [file] = positionals
  if (file === undefined) throw new CliError('Which file of the wallet?', 64)
  const { aud, nonce, key: keyFile } = values
  const bound = aud !== undefined && nonce !== undefined && keyFile !== undefined
  if (!bound && (aud !== undefined || nonce !== undefined)) throw new CliError('--aud, --nonce and --key go together.', 64)
  const claims = (values.claims ?? '').split(',').filter(Boolean)
  const key = bound ? readKey(keyFile) : undefined
  const presented = await presentSdJwt(
    readFileSync(file, 'utf8').trim(),
    claims,
    bound && key
      ? {
          aud,
          nonce,
          iat: Math.floor(Date.now() / 1000),
          sign: bytes => sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }),
          crypto: webCrypto,
        }
      : undefined,
  )
  if (values.out) writeFileSync(values.out, `${presented}\n`)
  if (values.json) io.out(JSON.stringify(values.out ? { file: values.out } : { presentation: presented }))
  else if (!values.out) io.out(presented)
  return 0
}

function readKey(file: string): KeyObject {
  const key = createPrivateKey(readFileSync(file))
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new CliError(`${file} holds no P-256 key.`, 64)
  return key
}

function makeKey(file: string, io: CliIo): KeyObject {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  io.err(`${file} made: whoever has it is the holder.`)
  return privateKey
}
