import { randomBytes, verify } from 'node:crypto'
import { verifySign1 } from '../core/cose/sign1.ts'
import { parseSealed, seal } from '../core/credential/sealed.ts'
import { issueSdJwt } from '../core/sd-jwt/issue.ts'
import { parseSdJwt } from '../core/sd-jwt/parse.ts'
import { verifySdJwt } from '../core/sd-jwt/verify.ts'
import { signEs256 } from '../server/keys/es256.ts'
import { nodeCrypto } from '../server/keys/nodeCrypto.ts'
import { interleavedRates, type Work } from './interleaved.ts'
import { loadPeer, loadPeerModule } from './loadPeer.ts'
import { benchKey, referenceCard } from './referenceCard.ts'
import { sdJwtToIssue } from './referenceSdJwt.ts'
import type { Report } from './report.ts'

/** One credential issued and verified, ours and the peers' in turns; the limit is raw node:crypto ES256. Network and status apart, for all. */
export async function run(report: Report): Promise<void> {
  const { privateKey, publicKey, jwk, signDer } = benchKey()
  const signer = (message: Uint8Array) => signEs256(privateKey, message)
  const now = referenceCard.iat + 3600
  const kid = new Uint8Array(8)
  const message = randomBytes(252)
  const der = signDer(message)
  const toIssue = sdJwtToIssue(referenceCard.iat)
  const issueOurs = () => issueSdJwt(toIssue, { sign: signer, crypto: nodeCrypto, randomBytes })
  const sealed = await seal({ kid, claims: referenceCard, sign: signer })
  const { text } = await issueOurs()

  const issuing: Record<string, Work> = {
    raw: times(() => signDer(message)),
    'sealed card': times(() => seal({ kid, claims: { ...referenceCard, cti: randomBytes(16) }, sign: signer })),
    'SD-JWT VC, 8 disclosures': times(issueOurs),
  }
  const verifying: Record<string, Work> = {
    raw: times(() => mustHold(verify('sha256', message, publicKey, der))),
    'sealed card': times(async () => mustHold(await verifySign1(parseSealed(sealed), jwk, nodeCrypto))),
    'SD-JWT VC, 8 disclosures': times(async () =>
      mustHold((await verifySdJwt(parseSdJwt(text), { key: jwk, now, crypto: nodeCrypto })).verified),
    ),
  }
  const addPeer = async <T>(name: string, peer: { issue(): Promise<T>; verify(signed: T): Promise<unknown> } | undefined) => {
    if (!peer) return
    const signed = await peer.issue()
    issuing[name] = times(() => peer.issue())
    verifying[name] = times(() => peer.verify(signed))
  }
  const claims = { ...toIssue.selective } as Record<string, string>
  await addPeer('@sd-jwt/sd-jwt-vc, 8 disclosures', await loadPeer(report, privateKey, jwk, toIssue, now))
  await addPeer('@digitalbazaar/vc, ecdsa-rdfc', await (await loadPeerModule(report, 'digitalbazaar'))?.verifiableCredentialPeer(claims))
  await addPeer('TradeTrust, DID signed', (await loadPeerModule(report, 'tradetrust'))?.tradeTrustPeer(claims))

  for (const [unit, works] of [
    ['issue/s', issuing],
    ['verify/s', verifying],
  ] as const) {
    const rates = await interleavedRates(works)
    for (const [name, rate] of Object.entries(rates)) report({ case: `${unit.split('/')[0]}: ${name}`, rate, unit, limit: rates.raw! })
  }
}

function times(once: () => unknown): Work {
  return async count => {
    for (let i = 0; i < count; i++) await once()
  }
}

function mustHold(verified: boolean): void {
  if (!verified) throw new Error('Not verified')
}
