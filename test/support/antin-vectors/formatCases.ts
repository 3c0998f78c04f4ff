import { parseSealed } from '../../../core/credential/sealed.ts'
import { concatBytes, utf8 } from '../../../core/encoding/bytes.ts'
import type { CheckCode } from '../../../core/verification/checkCode.ts'
import { doubled, highS, rebuild, reversed } from './changedSealed.ts'
import type { Add, Draft } from './vectorCase.ts'
import type { World } from './world.ts'

export async function addFormats(add: Add, world: World) {
  const card = await world.card('card')
  const key = await world.keyOf('G09', 'card')
  const broken = (name: string, shows: string, sealed: Uint8Array, format: CheckCode = 'format.malformed') =>
    add({ name, shows, sealed, expect: { verdict: 'invalid', format, signature: 'signature.skipped', photo: 'photo.skipped' } })
  broken('format-empty', 'No bytes', new Uint8Array(0))
  broken('format-text', 'Bytes that are no CBOR', utf8('not a credential'))
  broken('format-truncated', 'Cut in the middle', card.slice(0, 120))
  broken('format-grown', 'One byte too many', concatBytes(card, Uint8Array.of(0)))
  broken('format-other-tag', 'Tag 17 in place of 18', concatBytes(Uint8Array.of(0xd1), card.slice(1)))
  broken('format-too-large', 'Larger than any credential', new Uint8Array(5000), 'format.too-large')
  broken('format-short-signature', 'A signature of 63 bytes', await rebuild(card, key, { cutSignature: true }))
  broken(
    'format-not-deterministic',
    'A claims set with its keys out of order',
    await rebuild(card, key, { payload: reversed(parseSealed(card).payload) }),
  )
  broken('format-duplicate-key', 'A map key occurs twice', await rebuild(card, key, { payload: doubled(parseSealed(card).payload) }))
  broken('format-missing-name', 'A card without a name', await rebuild(card, key, { change: fields => fields.delete(2) }))
  broken('format-empty-field', 'An empty position', await rebuild(card, key, { change: fields => fields.set(3, '') }))
  broken('format-diploma-as-card', 'A diploma where a card is asked for', await world.diploma('diploma'), 'format.kind')

  const newer = (name: string, shows: string, sealed: Uint8Array, more: Draft['expect'] = { verdict: 'undetermined' }) =>
    add({ name, shows, sealed, expect: { format: 'format.newer', ...more } })
  newer(
    'newer-claim',
    'An unknown claim: never invalid, never valid',
    await rebuild(card, key, { claims: claims => claims.set(-65600, 1) }),
  )
  newer('newer-field', 'An unknown field in the card map', await rebuild(card, key, { change: fields => fields.set(8, 'x') }))
  newer('newer-category', 'An unknown category', await rebuild(card, key, { change: fields => fields.set(5, 6) }))
  newer('newer-header', 'An unknown label in the protected header', await rebuild(card, key, { header: header => header.set(5, 1) }))
  newer('newer-alg', 'An unknown algorithm', await rebuild(card, key, { header: header => header.set(1, -8) }), {
    verdict: 'undetermined',
    signature: 'signature.newer',
  })
  newer(
    'newer-kind',
    'A kind of credential that is neither card nor diploma',
    await rebuild(card, key, {
      claims: claims => {
        claims.delete(-65537)
        claims.set(-65540, new Map([[1, 'x']]))
      },
    }),
  )
  const forged = await rebuild(card, await world.keyOf('G10', 'card'), { claims: claims => claims.set(-65600, 1) })
  newer('newer-claim-forged', 'An unknown claim under a wrong signature: the other checks still run and fail', forged, {
    verdict: 'invalid',
    signature: 'signature.wrong',
  })

  const wrong = card.slice()
  wrong[card.length - 1]! ^= 1
  const expect = { verdict: 'invalid', signature: 'signature.wrong', issuer: 'issuer.skipped' } as const
  add({ name: 'signature-wrong', shows: 'One bit of the signature flipped', sealed: wrong, expect })
  add({ name: 'signature-forged', shows: 'Signed by another key under this kid', sealed: await rebuild(card, world.keys.stranger), expect })
  add({
    name: 'signature-high-s',
    shows: 'The other, equally verifying form of the signature',
    sealed: highS(card),
    expect: { ...expect, signature: 'signature.high-s' },
  })
  const renamed = card.slice()
  renamed[renamed.findIndex((_, i) => renamed[i] === 0x28 && renamed[i + 1] === 0x4d)]! ^= 1
  add({ name: 'signature-altered-name', shows: 'One bit of the name flipped', sealed: renamed, expect })
}
