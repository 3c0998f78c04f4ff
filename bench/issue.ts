import { randomBytes, randomFillSync } from 'node:crypto'
import { seal, sealedPayload } from '../core/credential/sealed.ts'
import { issueSdJwt } from '../core/sd-jwt/issue.ts'
import { signEs256 } from '../server/keys/es256.ts'
import { nodeCrypto } from '../server/keys/nodeCrypto.ts'
import { interleavedRates, type Work } from './interleaved.ts'
import { loadPeer } from './loadPeer.ts'
import { benchKey, referenceCard } from './referenceCard.ts'
import { sdJwtToIssue } from './referenceSdJwt.ts'
import type { Report } from './report.ts'

/** Credentials issued a second on one thread, from claims to bytes; the limit is raw node:crypto over a message as long. */
export async function run(report: Report): Promise<void> {
  const { privateKey, jwk, signDer } = benchKey()
  const sign = (message: Uint8Array) => signEs256(privateKey, message)
  const kid = new Uint8Array(8)
  const message = sealedPayload(referenceCard)
  const toIssue = sdJwtToIssue(referenceCard.iat)

  const peer = await loadPeer(report, privateKey, jwk, toIssue, referenceCard.iat)

  const works: Record<string, Work> = {
    raw: count => {
      for (let i = 0; i < count; i++) signDer(message)
    },
    'sealed card': async count => {
      for (let i = 0; i < count; i++) {
        const cti = new Uint8Array(16)
        randomFillSync(cti)
        await seal({ kid, claims: { ...referenceCard, cti }, sign })
      }
    },
    'SD-JWT VC, 8 disclosures': async count => {
      for (let i = 0; i < count; i++) await issueSdJwt(toIssue, { sign, crypto: nodeCrypto, randomBytes })
    },
  }
  if (peer !== undefined) {
    works['@sd-jwt/sd-jwt-vc, 8 disclosures'] = async count => {
      for (let i = 0; i < count; i++) await peer.issue()
    }
  }
  const rates = await interleavedRates(works)
  for (const [name, rate] of Object.entries(rates)) report({ case: name, rate, unit: 'issue/s', limit: rates.raw! })
}
