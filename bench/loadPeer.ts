import type { KeyObject } from 'node:crypto'
import type { P256Jwk } from '../core/crypto/coreCrypto.ts'
import type { SdJwtToIssue } from '../core/sd-jwt/issue.ts'
import type { Report } from './report.ts'

interface Peer {
  issue(): Promise<string>
  verify(text: string): Promise<unknown>
}

interface PeerModules {
  sdJwtVc: { sdJwtVcPeer(privateKey: KeyObject, jwk: P256Jwk, toIssue: SdJwtToIssue, now: number): Peer }
  digitalbazaar: {
    verifiableCredentialPeer(claims: Record<string, string>): Promise<{ issue(): Promise<object>; verify(signed: object): Promise<void> }>
  }
  tradetrust: {
    tradeTrustPeer(claims: Record<string, string>): {
      wrapBatch(count: number): unknown[]
      issue(): Promise<object>
      verify(signed: object): Promise<void>
    }
  }
}

const packages: Record<keyof PeerModules, string> = {
  sdJwtVc: '@sd-jwt/sd-jwt-vc',
  digitalbazaar: '@digitalbazaar/vc',
  tradetrust: '@tradetrust-tt/tt-verify',
}

/** A module of `bench/peers`, when its packages are installed there; else undefined, and a note that says so. */
export async function loadPeerModule<Name extends keyof PeerModules>(report: Report, name: Name): Promise<PeerModules[Name] | undefined> {
  const file: string = `./peers/${name}.mjs`
  try {
    return (await import(file)) as PeerModules[Name]
  } catch (error) {
    if (!['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes((error as { code?: string }).code ?? '')) throw error
    report.note(`skipped ${packages[name]}: not installed (npm install --no-save --prefix bench/peers)`)
    return undefined
  }
}

/** @sd-jwt/sd-jwt-vc, when it is installed. */
export async function loadPeer(
  report: Report,
  privateKey: KeyObject,
  jwk: P256Jwk,
  toIssue: SdJwtToIssue,
  now: number,
): Promise<Peer | undefined> {
  return (await loadPeerModule(report, 'sdJwtVc'))?.sdJwtVcPeer(privateKey, jwk, toIssue, now)
}
