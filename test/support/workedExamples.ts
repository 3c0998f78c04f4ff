import { pathToFileURL } from 'node:url'
import { parseSign1, protectedHeaderFor } from '../../core/cose/sign1.ts'
import { encodeLive, liveMessage } from '../../core/credential/live.ts'
import { sealBinding } from '../../core/credential/liveBinding.ts'
import { liveUrl, sealedQrVersion, sealedUrl, shortUrl } from '../../core/credential/qr.ts'
import { refOf } from '../../core/credential/ref.ts'
import { parseSealed, seal } from '../../core/credential/sealed.ts'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { toHex } from '../../core/encoding/bytes.ts'
import { encodeDecimal } from '../../core/encoding/decimal.ts'
import { issueSdJwt } from '../../core/sd-jwt/issue.ts'
import { presentSdJwt } from '../../core/sd-jwt/present.ts'
import { cardVcClaims } from '../../core/sd-jwt/vcClaims.ts'
import { nodeCrypto } from '../../server/keys/nodeCrypto.ts'
import { testKey } from './antin-vectors/testKey.ts'
import { sampleCard, sampleDiploma } from './sampleClaims.ts'

const origin = 'https://the.moha.gov.vn'
const host = 'the.moha.gov.vn'

/**
 * The worked examples of `docs/formats.md` and `test/vectors/worked.json`; the same on every run, because every key is made from
 * a name and every signature follows RFC 6979. `node test/support/workedExamples.ts > test/vectors/worked.json` writes them anew.
 */
export async function workedExamples() {
  const agency = await testKey('worked-agency')
  const holder = await testKey('worked-holder')
  const card = await seal({ kid: agency.kid, claims: sampleCard, sign: agency.sign })
  const diploma = await seal({ kid: agency.kid, claims: sampleDiploma, sign: agency.sign })
  const parsed = parseSealed(card)
  const ref = await refOf(sampleCard.cti, nodeCrypto)
  const token = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i)

  const issuance = { origin, iat: sampleCard.iat + 60, jti: encodeBase64url(token), statusListUri: `${origin}/status-lists/12` }
  const salts = (length: number) => Uint8Array.from({ length }, (_, i) => i)
  const { text: sdJwt, payload: sdJwtPayload } = await issueSdJwt(
    {
      header: { kid: encodeBase64url(agency.kid) },
      holderKey: holder.jwk,
      ...cardVcClaims(sampleCard, { ...issuance, birthDate: '1985-03-08', unit: 'Vụ Tổ chức – Biên chế' }),
    },
    { sign: agency.sign, crypto: nodeCrypto, randomBytes: salts },
  )
  const kb = { aud: 'https://bank.example', nonce: 'n-0S6_WzA2Mj', iat: sampleCard.iat + 3600 }
  const presentation = await presentSdJwt(sdJwt, ['full_name', 'category'], { ...kb, sign: holder.sign, crypto: nodeCrypto })

  const time = sampleCard.iat + 7200
  const binding = await sealBinding({
    kid: agency.kid,
    binding: { ref, holderKey: holder.jwk, iat: time - 3600, exp: time + 86_400 },
    sign: agency.sign,
  })
  const message = liveMessage(host, nodeCrypto.sha256(card), time)
  const live = encodeLive({ sealed: card, binding, time, signature: holder.sign(message) })

  return {
    agencyKey: {
      privateKey: 'SHA-256("antin/vectors/worked-agency")',
      jwk: agency.jwk,
      thumbprint: toHex(agency.thumbprint),
      kid: toHex(agency.kid),
    },
    holderKey: { privateKey: 'SHA-256("antin/vectors/worked-holder")', jwk: holder.jwk },
    decimal: [[], [0], [255], [1, 0], [0, 0, 0, 0, 0, 1, 0], [255, 255, 255, 255, 255, 255, 255, 1]].map(bytes => [
      toHex(Uint8Array.from(bytes)),
      encodeDecimal(Uint8Array.from(bytes)),
    ]),
    card: {
      protectedHeader: toHex(protectedHeaderFor(agency.kid)),
      payload: toHex(parsed.payload),
      sigStructure: toHex(parsed.signedMessage),
      signature: toHex(parsed.signature),
      sealed: toHex(card),
      ref: encodeBase64url(ref),
      url: sealedUrl(origin, card),
      qrVersion: sealedQrVersion(origin, card.length),
    },
    diploma: { payload: toHex(parseSealed(diploma).payload), sealed: toHex(diploma) },
    shortUrl: shortUrl(origin, token),
    sdJwt: { payload: Buffer.from(sdJwtPayload).toString(), issued: sdJwt, ...kb, presentation },
    live: {
      host,
      time,
      bindingPayload: toHex(parseSign1(binding).payload),
      binding: toHex(binding),
      message: toHex(message),
      live: toHex(live),
      url: liveUrl(origin, live),
    },
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(JSON.stringify(await workedExamples(), null, 1))
