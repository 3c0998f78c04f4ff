import type { KeyObject } from 'node:crypto'
import type { P256Jwk } from '../core/crypto/coreCrypto.ts'
import type { SdJwtToIssue } from '../core/sd-jwt/issue.ts'
import type { Report } from './report.ts'

interface Peer {
  issue(): Promise<string>
  verify(text: string): Promise<unknown>
}

/** @sd-jwt/sd-jwt-vc, when it is installed in `bench/peers`; else undefined, and a note that says so. */
export async function loadPeer(
  report: Report,
  privateKey: KeyObject,
  jwk: P256Jwk,
  toIssue: SdJwtToIssue,
  now: number,
): Promise<Peer | undefined> {
  const file: string = './peers/sdJwtVc.mjs'
  try {
    const { sdJwtVcPeer } = await import(file)
    return sdJwtVcPeer(privateKey, jwk, toIssue, now)
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error
    report.note('skipped @sd-jwt/sd-jwt-vc: not installed (npm install in bench/peers)')
    return undefined
  }
}
