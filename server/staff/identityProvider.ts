import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose'
import * as client from 'openid-client'
import { AppError } from '../../core/errors.ts'
import { type Actor, type Scope, scopes } from './actor.ts'
import { agencyOfClaims, type ClaimMapping, personOfClaims } from './claims.ts'
import type { FindPerson } from './knownPerson.ts'

export interface IdentityProviderOptions {
  issuer: string
  clientId: string
  clientSecret?: string | undefined
  /** Our own origin, without a slash at its end. */
  publicUrl: string
  /** `aud` of the access tokens that the API accepts. */
  audience: string
  /** Clients whose tokens speak for a person (the command line); every other token speaks for a machine. */
  personClients: readonly string[]
  /** `acr` that counts as a step-up; any fresh sign-in counts when it is empty. */
  stepUpAcr: string
  claims: ClaimMapping
}

export interface SignInStart {
  url: URL
  /** Kept by the browser in a sealed cookie until it comes back. */
  state: string
  nonce: string
  verifier: string
}

export interface SignedIn {
  claims: Readonly<Record<string, unknown>>
  /** Seconds; when the person proved who they are with the factors that approving needs. */
  steppedUpAt?: number
}

/** The one OpenID provider; it is looked up when first needed and again after a failure. */
export interface IdentityProvider {
  /** @param fresh the person must prove again who they are; `hint` says who is expected */
  begin(options: { fresh: boolean; hint?: string | undefined }): Promise<SignInStart>
  /** @throws auth.sign-in · auth.unavailable */
  finish(callback: URL, started: { state: string; nonce: string; verifier: string; fresh: boolean }, now: number): Promise<SignedIn>
  /** Where a browser goes to sign out there; it names the client and nobody. Null where the provider has no such place. */
  signOutUrl(): Promise<URL | null>
  /** The actor of an `at+jwt` access token (RFC 9068). @throws auth.required · auth.unavailable */
  actorOfToken(token: string): Promise<Actor>
}

/** Seconds that a proof of identity asked for may be old when the answer arrives. */
const freshness = 120

export function createIdentityProvider(options: IdentityProviderOptions, findPerson: FindPerson): IdentityProvider {
  const redirectUri = `${options.publicUrl}/signin/callback`
  let discovered: Promise<client.Configuration> | null = null
  let keys: JWTVerifyGetKey | null = null

  const configuration = async () => {
    discovered ??= client.discovery(
      new URL(options.issuer),
      options.clientId,
      options.clientSecret,
      options.clientSecret ? undefined : client.None(),
      isLoopback(options.issuer) ? { execute: [client.allowInsecureRequests], timeout: 10 } : { timeout: 10 },
    )
    try {
      return await discovered
    } catch (cause) {
      discovered = null
      throw new AppError('auth.unavailable', undefined, { cause })
    }
  }

  const steppedUp = (claims: Readonly<Record<string, unknown>>): number | undefined => {
    if (options.stepUpAcr !== '' && claims.acr !== options.stepUpAcr) return undefined
    return typeof claims.auth_time === 'number' ? claims.auth_time : undefined
  }

  return {
    async begin({ fresh, hint }) {
      const config = await configuration()
      const verifier = client.randomPKCECodeVerifier()
      const state = client.randomState()
      const nonce = client.randomNonce()
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: 'openid',
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
        ...(options.stepUpAcr === '' ? {} : { acr_values: options.stepUpAcr }),
        ...(fresh ? { max_age: '0', prompt: 'login' } : {}),
        ...(hint ? { login_hint: hint } : {}),
      })
      return { url, state, nonce, verifier }
    },

    async finish(callback, started, now) {
      const config = await configuration()
      let tokens: Awaited<ReturnType<typeof client.authorizationCodeGrant>>
      try {
        tokens = await client.authorizationCodeGrant(config, callback, {
          pkceCodeVerifier: started.verifier,
          expectedState: started.state,
          expectedNonce: started.nonce,
          idTokenExpected: true,
        })
      } catch (cause) {
        if (cause instanceof TypeError) throw new AppError('auth.unavailable', undefined, { cause })
        throw new AppError('auth.sign-in', undefined, { cause })
      }
      const claims = tokens.claims() as Readonly<Record<string, unknown>>
      const at = claims.auth_time
      if (started.fresh && !(typeof at === 'number' && now - at <= freshness))
        throw new AppError('auth.sign-in', 'The identity provider did not ask again who you are')
      const steppedUpAt = steppedUp(claims)
      return { claims, ...(steppedUpAt === undefined ? {} : { steppedUpAt }) }
    },

    async signOutUrl() {
      const config = await configuration()
      if (!config.serverMetadata().end_session_endpoint) return null
      return client.buildEndSessionUrl(config, { post_logout_redirect_uri: `${options.publicUrl}/signed-out` })
    },

    async actorOfToken(token) {
      const config = await configuration()
      const metadata = config.serverMetadata()
      if (!metadata.jwks_uri) throw new AppError('auth.unavailable', 'The identity provider publishes no keys')
      keys ??= createRemoteJWKSet(new URL(metadata.jwks_uri), { cooldownDuration: 5000, timeoutDuration: 5000 })
      const claims = await verified(token, keys, metadata.issuer, options.audience)
      const clientId = typeof claims.client_id === 'string' ? claims.client_id : ''
      if (options.personClients.includes(clientId) && claims.sub !== clientId) {
        const person = personOfClaims(claims, options.claims)
        const steppedUpAt = steppedUp(claims)
        const known = person.personalNumber === undefined ? undefined : await findPerson(person.personalNumber)
        return {
          kind: 'person',
          sub: person.sub,
          name: person.name,
          roles: known === undefined ? person.roles : new Set([...person.roles, 'holder']),
          scopes: new Set(),
          agency: person.agency,
          ...known,
          ...(steppedUpAt === undefined ? {} : { steppedUpAt }),
        }
      }
      const granted = typeof claims.scope === 'string' ? claims.scope.split(' ') : []
      return {
        kind: 'client',
        sub: `client:${clientId || String(claims.sub)}`,
        name: clientId || String(claims.sub),
        roles: new Set(),
        scopes: new Set(scopes.filter((scope: Scope) => granted.includes(scope))),
        agency: agencyOfClaims(claims, options.claims),
      }
    },
  }
}

async function verified(
  token: string,
  keys: JWTVerifyGetKey,
  issuer: string,
  audience: string,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      typ: 'at+jwt',
      algorithms: ['ES256', 'ES384', 'EdDSA', 'Ed25519', 'PS256', 'RS256'],
      requiredClaims: ['exp', 'sub'],
      clockTolerance: 30,
    })
    return payload
  } catch (cause) {
    if (cause instanceof errors.JWTExpired) throw new AppError('auth.required', 'The access token has expired', { cause })
    if (cause instanceof errors.JWKSTimeout || !(cause instanceof errors.JOSEError))
      throw new AppError('auth.unavailable', undefined, { cause })
    throw new AppError('auth.required', 'The access token is not valid here', { cause })
  }
}

function isLoopback(issuer: string): boolean {
  const url = new URL(issuer)
  return url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
}
