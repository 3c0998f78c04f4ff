import { randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import { join } from 'node:path'
import express from 'express'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import Provider from 'oidc-provider'
import { type Scope, scopes } from '../actor.ts'
import { memoryAdapter } from './adapter.ts'
import { deviceCodePage, deviceConfirmPage, messagePage, signInPage, signOutPage, styleSheet, submitScript } from './pages.ts'

export interface DemonstrationUser {
  /** Also the subject of its tokens. */
  username: string
  password: string
  name: string
  roles: readonly string[]
  agency: string
  /** Of a user who is an officer. */
  personalNumber?: string
}

export interface DemonstrationClients {
  console: { clientId: string; clientSecret?: string }
  /** Signs people in by the device flow. */
  cli: { clientId: string }
  /** Client credentials. */
  machines: readonly { clientId: string; clientSecret: string; agency: string; scopes: readonly Scope[] }[]
}

export interface DemonstrationProviderOptions {
  /** On 127.0.0.1. */
  port: number
  /** `http://localhost:PORT` or `http://127.0.0.1:PORT`. */
  issuer: string
  /** Origin of the product; its `/signin/callback` and `/signed-out` are where people come back to. */
  publicUrl: string
  users: readonly DemonstrationUser[]
  clients: DemonstrationClients
  /** Keeps the signing key, so that tokens outlive a restart. */
  stateDir: string
  audience?: string
  stepUpAcr?: string
}

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
const failuresAllowed = 5
const barMilliseconds = 60_000

/** An OpenID provider for demonstrations and tests: code flow with PKCE, device flow, client credentials, sign-out. Resolves when it listens. */
export async function startDemonstrationProvider(options: DemonstrationProviderOptions): Promise<{ close(): Promise<void> }> {
  const { jwks, cookieKeys } = await readKeys(options.stateDir)
  const provider = makeProvider(options, jwks, cookieKeys)
  const app = express()
  app.disable('x-powered-by')
  app.use((_req, res, next) => {
    res.set({
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
    })
    next()
  })
  app.get('/style.css', (_req, res) => void res.type('css').send(styleSheet))
  app.get('/submit.js', (_req, res) => void res.type('js').send(submitScript))
  app.get('/favicon.ico', (_req, res) => void res.status(204).end())
  addSignIn(app, provider, options)
  app.use(provider.callback())
  const server = app.listen(options.port, '127.0.0.1')
  await new Promise<void>((listening, failed) => server.once('listening', listening).once('error', failed))
  return { close: () => close(server) }
}

function addSignIn(app: express.Express, provider: Provider, options: DemonstrationProviderOptions): void {
  const accounts = options.users.map(user => user.username)
  const failures = new Map<string, { count: number; barredUntil: number }>()
  const finish = async (req: express.Request, res: express.Response, accountId: string) => {
    const login = { accountId, acr: options.stepUpAcr ?? 'urn:antin:mfa', amr: ['pwd', 'otp'], remember: true }
    await provider.interactionFinished(req, res, { login }, { mergeWithLastSubmission: false })
  }
  const expired: express.ErrorRequestHandler = (_error, _req, res, _next) => {
    res.status(400).send(messagePage('Phiên đăng nhập đã hết', 'Hãy quay lại Ấn Tín và đăng nhập lại.'))
  }

  app.get(
    '/login/:uid',
    async (req: express.Request, res: express.Response) => {
      const { params, prompt } = await provider.interactionDetails(req, res)
      const fresh = params.prompt === 'login' || prompt.details.max_age !== undefined
      res.send(signInPage({ error: null, username: params.login_hint ?? '', accounts, fresh }))
    },
    expired,
  )
  app.post(
    '/login/:uid',
    express.urlencoded({ extended: false, limit: '4kb' }),
    async (req: express.Request, res: express.Response) => {
      await provider.interactionDetails(req, res)
      const { username = '', password = '' } = (req.body ?? {}) as Record<string, string>
      const user = options.users.find(known => known.username === String(username).trim())
      const failed = failures.get(String(username)) ?? { count: 0, barredUntil: 0 }
      const shown = { username: String(username), accounts, fresh: false }
      if (failed.barredUntil > Date.now())
        return void res.status(429).send(signInPage({ ...shown, error: 'Sai mật khẩu 5 lần: tài khoản tạm khóa một phút.' }))
      if (user && equal(user.password, String(password))) {
        failures.delete(String(username))
        return finish(req, res, user.username)
      }
      failed.count += 1
      if (failed.count >= failuresAllowed) Object.assign(failed, { count: 0, barredUntil: Date.now() + barMilliseconds })
      if (failures.size < 1000) failures.set(String(username), failed)
      res.status(401).send(signInPage({ ...shown, error: 'Tên đăng nhập hoặc mật khẩu không đúng.' }))
    },
    expired,
  )
}

function makeProvider(options: DemonstrationProviderOptions, jwks: { keys: JWK[] }, cookieKeys: string[]): Provider {
  const audience = options.audience ?? 'urn:antin:api'
  const acr = options.stepUpAcr ?? 'urn:antin:mfa'
  const { console: consoleClient, cli, machines } = options.clients
  const claimsOf = (username: string) => {
    const user = options.users.find(known => known.username === username)
    if (!user) return undefined
    return {
      sub: user.username,
      name: user.name,
      roles: user.roles,
      agency: user.agency,
      ...(user.personalNumber ? { officer: user.personalNumber } : {}),
    }
  }
  const port = new URL(options.issuer).port
  const provider = new Provider(options.issuer, {
    adapter: memoryAdapter(),
    jwks,
    clients: [
      {
        client_id: consoleClient.clientId,
        client_name: 'Ấn Tín',
        ...(consoleClient.clientSecret
          ? { client_secret: consoleClient.clientSecret, token_endpoint_auth_method: 'client_secret_post' }
          : { token_endpoint_auth_method: 'none' }),
        redirect_uris: [`${options.publicUrl}/signin/callback`],
        post_logout_redirect_uris: [`${options.publicUrl}/signed-out`],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        id_token_signed_response_alg: 'ES256',
        require_auth_time: true,
        default_acr_values: [acr],
      },
      {
        client_id: cli.clientId,
        client_name: 'Dòng lệnh antin',
        token_endpoint_auth_method: 'none',
        redirect_uris: [],
        response_types: [],
        grant_types: [deviceGrant, 'refresh_token'],
        id_token_signed_response_alg: 'ES256',
      },
      ...machines.map(machine => ({
        client_id: machine.clientId,
        client_secret: machine.clientSecret,
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
        scope: machine.scopes.join(' '),
        id_token_signed_response_alg: 'ES256',
      })),
    ],
    cookies: {
      keys: cookieKeys,
      // Cookies ignore ports: the names carry it.
      names: { session: `_session_${port}`, interaction: `_interaction_${port}`, resume: `_resume_${port}` },
      long: { signed: true, httpOnly: true, sameSite: 'lax' },
      short: { signed: true, httpOnly: true, sameSite: 'lax' },
    },
    scopes: ['openid', 'offline_access', ...scopes],
    claims: { openid: ['sub', 'name', 'roles', 'agency', 'officer'], acr: null, auth_time: null },
    acrValues: [acr],
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (ctx: { body: string }, form: string, _out: unknown, error?: { name: string; userCode?: string }) => {
          const text = error?.name === 'AbortedError' ? 'Đã dừng theo ý bạn.' : 'Mã không đúng hoặc đã hết hạn, hãy nhập lại.'
          ctx.body = deviceCodePage(form, error ? text : null)
        },
        userCodeConfirmSource: (ctx: { body: string }, form: string, _client: unknown, _device: unknown, userCode: string) => {
          ctx.body = deviceConfirmPage(form, userCode)
        },
        successSource: (ctx: { body: string }) => {
          ctx.body = messagePage('Đã đăng nhập', 'Bạn có thể đóng trang này và quay lại dòng lệnh.')
        },
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx: { body: string }, form: string) => {
          ctx.body = signOutPage(form)
        },
        postLogoutSuccessSource: (ctx: { body: string }) => {
          ctx.body = messagePage('Đã đăng xuất', 'Bạn đã đăng xuất ở nơi đăng nhập.')
        },
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: scopes.join(' '),
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: 1800,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    interactions: { url: (_ctx: unknown, interaction: { uid: string }) => `/login/${interaction.uid}` },
    async findAccount(_ctx: unknown, accountId: string) {
      const claims = claimsOf(accountId)
      return claims && { accountId, claims: async () => claims }
    },
    // Our own clients: nobody is asked whether they may.
    async loadExistingGrant(ctx: GrantContext) {
      const { client, session, provider: owner } = ctx.oidc
      const grant = new owner.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid offline_access')
      await grant.save()
      return grant
    },
    issueRefreshToken: async (_ctx: unknown, client: { clientId: string }) => client.clientId === cli.clientId,
    extraTokenClaims(ctx: TokenContext, token: { kind: string; accountId?: string; clientId: string }) {
      if (token.kind === 'ClientCredentials') return { agency: machines.find(machine => machine.clientId === token.clientId)?.agency }
      if (token.accountId === undefined) return undefined
      const { DeviceCode, AuthorizationCode, RefreshToken } = ctx.oidc.entities
      const signIn = RefreshToken ?? DeviceCode ?? AuthorizationCode
      return { ...claimsOf(token.accountId), auth_time: signIn?.authTime, acr: signIn?.acr ?? acr }
    },
    renderError: (ctx: { body: string; type: string }, out: { error: string; error_description?: string }) => {
      ctx.type = 'html'
      ctx.body = messagePage('Không đăng nhập được', `${out.error}: ${out.error_description ?? ''}`)
    },
    ttl: {
      Session: 12 * 3600,
      Grant: 12 * 3600,
      Interaction: 900,
      AccessToken: 1800,
      AuthorizationCode: 60,
      DeviceCode: 900,
      RefreshToken: 8 * 3600,
      IdToken: 600,
      ClientCredentials: 1800,
    },
  })
  return provider
}

interface GrantContext {
  oidc: {
    client: { clientId: string }
    session: { accountId: string }
    provider: { Grant: new (of: { clientId: string; accountId: string }) => { addOIDCScope(scope: string): void; save(): Promise<string> } }
  }
}

interface TokenContext {
  oidc: { entities: Partial<Record<'DeviceCode' | 'AuthorizationCode' | 'RefreshToken', { authTime?: number; acr?: string }>> }
}

async function readKeys(stateDir: string): Promise<{ jwks: { keys: JWK[] }; cookieKeys: string[] }> {
  const file = join(stateDir, 'identity-provider.json')
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    const kid = randomBytes(8).toString('hex')
    const made = {
      jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid }] },
      cookieKeys: [randomBytes(32).toString('hex')],
    }
    await mkdir(stateDir, { recursive: true })
    await writeFile(file, JSON.stringify(made), { mode: 0o600 })
    return made
  }
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function close(server: Server): Promise<void> {
  return new Promise(done => {
    server.close(() => done())
    server.closeAllConnections()
  })
}
