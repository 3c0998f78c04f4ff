import { randomBytes, verify } from 'node:crypto'
import { verifySign1 } from '../core/cose/sign1.ts'
import { parseQrText, sealedUrl } from '../core/credential/qr.ts'
import { parseSealed, seal } from '../core/credential/sealed.ts'
import { issueSdJwt } from '../core/sd-jwt/issue.ts'
import { parseSdJwt } from '../core/sd-jwt/parse.ts'
import { verifySdJwt } from '../core/sd-jwt/verify.ts'
import { signEs256 } from '../server/keys/es256.ts'
import { nodeCrypto } from '../server/keys/nodeCrypto.ts'
import { interleavedRates, type Work } from './interleaved.ts'
import { loadPeer } from './loadPeer.ts'
import { benchKey, referenceCard, referenceOrigin } from './referenceCard.ts'
import { sdJwtToIssue } from './referenceSdJwt.ts'
import type { Report } from './report.ts'

/** Verifications a second on one thread, from bytes to a verdict; the limit is raw node:crypto over the same message. */
export async function run(report: Report): Promise<void> {
  const { privateKey, publicKey, jwk, signDer } = benchKey()
  const signer = (message: Uint8Array) => signEs256(privateKey, message)
  const now = referenceCard.iat + 3600
  const sealed = await seal({ kid: new Uint8Array(8), claims: referenceCard, sign: signer })
  const qrText = sealedUrl(referenceOrigin, sealed)
  const { text } = await issueSdJwt(sdJwtToIssue(referenceCard.iat), { sign: signer, crypto: nodeCrypto, randomBytes })
  const message = parseSealed(sealed).signedMessage
  const der = signDer(message)

  const peer = await loadPeer(report, privateKey, jwk, sdJwtToIssue(referenceCard.iat), now)
  const peerText = await peer?.issue()

  const works: Record<string, Work> = {
    raw: count => {
      for (let i = 0; i < count; i++) mustHold(verify('sha256', message, publicKey, der))
    },
    'sealed card': count => {
      for (let i = 0; i < count; i++) mustHold(verifySign1(parseSealed(sealed), jwk, nodeCrypto) === true)
    },
    'sealed card from its QR text': count => {
      for (let i = 0; i < count; i++) {
        const content = parseQrText(qrText)
        mustHold(content.kind === 'sealed' && verifySign1(parseSealed(content.bytes), jwk, nodeCrypto) === true)
      }
    },
    'SD-JWT VC, 8 disclosures': async count => {
      for (let i = 0; i < count; i++) mustHold((await verifySdJwt(parseSdJwt(text), { key: jwk, now, crypto: nodeCrypto })).verified)
    },
  }
  if (peer !== undefined && peerText !== undefined) {
    works['@sd-jwt/sd-jwt-vc, 8 disclosures'] = async count => {
      for (let i = 0; i < count; i++) await peer.verify(peerText)
    }
  }
  const rates = await interleavedRates(works)
  for (const [name, rate] of Object.entries(rates)) report({ case: name, rate, unit: 'verify/s', limit: rates.raw! })
}

function mustHold(verified: boolean): void {
  if (!verified) throw new Error('Not verified')
}
