import * as client from 'openid-client'
import { z } from 'zod'
import { readDemonstration } from './demonstration.ts'
import { CliError, type CliIo } from './io.ts'

/** A signed-in line to a server's API. Answers that are no success throw a CliError with the problem's own words. */
export interface ApiSession {
  readonly baseUrl: string
  get<T>(path: string): Promise<T>
  post<T>(path: string, body: unknown): Promise<T>
  /** Sends a form; file parts are `Blob`s. */
  postForm<T>(path: string, form: FormData): Promise<T>
  /** Sends a form where one is given. */
  bytes(path: string, form?: FormData): Promise<Uint8Array>
}

export interface SessionOptions {
  /** Beside a demonstration: the role whose person signs in. Throws elsewhere. */
  as?: string | undefined
  /** Beside a demonstration: who signs in without `as`. Elsewhere people sign in by themselves. */
  otherwise?: string | undefined
  url?: string | undefined
}

const metadataSchema = z.object({ audience: z.string(), authorization_servers: z.array(z.string()).min(1), cli_client_id: z.string() })

/** The server that the command line talks to: --url, ANTIN_URL, or the demonstration's. */
export function serverUrl(io: CliIo, url?: string): string {
  const base = url ?? io.env.ANTIN_URL ?? readDemonstration(io.env)?.url ?? 'http://localhost:3000'
  return base.replace(/\/+$/, '')
}

/**
 * Signs in at the server's identity provider: a machine by ANTIN_CLIENT_ID and ANTIN_CLIENT_SECRET, a person by the device
 * flow, and beside a demonstration the person of `as` without a browser.
 */
export async function signedIn(io: CliIo, options: SessionOptions = {}): Promise<ApiSession> {
  const baseUrl = serverUrl(io, options.url)
  const metadata = metadataSchema.parse(await request(baseUrl, '/.well-known/oauth-protected-resource', {}))
  const { ANTIN_CLIENT_ID: id, ANTIN_CLIENT_SECRET: secret } = io.env
  const clientId = id && secret ? id : metadata.cli_client_id
  const issuer = new URL(metadata.authorization_servers[0]!)
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(issuer.hostname)
  const config = await client
    .discovery(issuer, clientId, secret, id && secret ? undefined : client.None(), {
      ...(loopback ? { execute: [client.allowInsecureRequests] } : {}),
    })
    .catch(cause => {
      throw new CliError(`Nobody can sign in: no usable answer from the identity provider ${issuer.origin}. Try again later.`, 1, { cause })
    })
  const token = id && secret ? await machineToken(config, metadata.audience) : await personToken(config, metadata.audience, io, options)
  return session(baseUrl, token)
}

async function machineToken(config: client.Configuration, resource: string): Promise<string> {
  const tokens = await client.clientCredentialsGrant(config, { resource, scope: 'cards:write diplomas:write verify:bulk audit:read' })
  return tokens.access_token
}

async function personToken(config: client.Configuration, resource: string, io: CliIo, { as, otherwise }: SessionOptions): Promise<string> {
  const started = await client.initiateDeviceAuthorization(config, { scope: 'openid', resource })
  const address = started.verification_uri_complete ?? started.verification_uri
  const name = as ?? (readDemonstration(io.env) ? otherwise : undefined)
  const person = name === undefined ? undefined : demonstrationPerson(io, name)
  const waiting = client.pollDeviceAuthorizationGrant(config, person ? { ...started, interval: 1 } : started, { resource })
  if (person) {
    const { signInByForms } = await import('../server/staff/demonstration/followForms.ts')
    await signInByForms(address, person)
  } else {
    const { user_code: code, expires_in: seconds } = started
    io.err(`Sign in at ${address}\n(code ${code}); waiting for ${Math.ceil(seconds / 60)} minutes at most …`)
    if (readDemonstration(io.env)) io.err('Beside the demonstration --as maker|approver|printer|auditor|admin signs in without a browser.')
  }
  const tokens = await waiting.catch(cause => {
    throw new CliError(`Nobody signed in at ${address}, or it was refused there. Start the command again.`, 1, { cause })
  })
  return tokens.access_token
}

function demonstrationPerson(io: CliIo, as: string): { username: string; password: string } {
  const demonstration = readDemonstration(io.env)
  if (!demonstration) throw new CliError('--as works only beside a demonstration (`npm start`).', 64)
  const person = demonstration.signIns.find(one => one.role === as || one.username === as)
  if (!person)
    throw new CliError(`No demonstration sign-in for "${as}". There are: ${demonstration.signIns.map(one => one.username).join(', ')}.`, 64)
  return person
}

function session(baseUrl: string, token: string): ApiSession {
  const headers = { authorization: `Bearer ${token}` }
  return {
    baseUrl,
    get: path => request(baseUrl, path, { headers }),
    post: (path, body) =>
      request(baseUrl, path, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
        body: JSON.stringify(body),
      }),
    postForm: (path, form) =>
      request(baseUrl, path, { method: 'POST', headers: { ...headers, 'idempotency-key': crypto.randomUUID() }, body: form }),
    async bytes(path, form) {
      const response = await send(baseUrl, path, form ? { method: 'POST', headers, body: form } : { headers })
      return new Uint8Array(await response.arrayBuffer())
    },
  }
}

async function request<T>(baseUrl: string, path: string, init: RequestInit): Promise<T> {
  const response = await send(baseUrl, path, init)
  const text = await response.text()
  return (text === '' ? undefined : JSON.parse(text)) as T
}

async function send(baseUrl: string, path: string, init: RequestInit): Promise<Response> {
  let response: Response
  try {
    response = await fetch(`${baseUrl}${path}`, init)
  } catch (cause) {
    throw new CliError(`No answer from ${baseUrl}. Is the server running (\`npm start\`), and is ANTIN_URL right?`, 1, { cause })
  }
  if (response.ok) return response
  const problem = (await response.json().catch(() => null)) as {
    detail?: string
    code?: string
    errors?: { path: string; message: string }[]
  } | null
  const fields = problem?.errors?.map(error => `\n  ${error.path}: ${error.message}`).join('') ?? ''
  throw new CliError(`${problem?.detail ?? `The server answered ${response.status}`} (${problem?.code ?? response.status})${fields}`)
}
