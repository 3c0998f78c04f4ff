import { parseSealed } from '../../../core/credential/sealed.ts'
import { decodeBase64url, encodeBase64url } from '../../../core/encoding/base64url.ts'
import { utf8 } from '../../../core/encoding/bytes.ts'
import { issueSdJwt } from '../../../core/sd-jwt/issue.ts'
import { parseSdJwt } from '../../../core/sd-jwt/parse.ts'
import { presentSdJwt } from '../../../core/sd-jwt/present.ts'
import { cardVcClaims, diplomaVcClaims } from '../../../core/sd-jwt/vcClaims.ts'
import type { SdJwtInput } from '../../../core/verification/verifySdJwtVc.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { withHeader as withJwsHeader, withPayload } from './changedJws.ts'
import { testKey } from './testKey.ts'
import type { VectorCase } from './vectorCase.ts'
import { day, documentFile, type Files, host, minute, now, photo, sha256, type World } from './world.ts'

type Draft = Pick<VectorCase, 'name' | 'shows' | 'expect'> & { sdJwt: SdJwtInput } & Partial<VectorCase>

const aud = 'https://checker.example'
const nonce = 'n-0S6_WzA2Mj'
const shown = ['holder_name', 'title', 'number', 'awarded', 'document']

/** Cases of SD-JWT VCs (formats 2): the same state, log and rules as for sealed credentials. */
export async function addSdJwts(add: (draft: Draft) => void, world: World, files: Files): Promise<void> {
  const wallet = await testKey('wallet')
  const iat = now - 20 * day

  /** An SD-JWT VC of a sealed credential, made as the issuer makes it; everything random is made from `name`. */
  const issue = async (
    name: string,
    sealed: Uint8Array,
    change: (parts: { claims: Record<string, unknown>; selective: Record<string, unknown> }) => object = parts => parts,
    signer?: Awaited<ReturnType<World['keyOf']>>,
  ) => {
    const credential = parseSealed(sealed)
    const input = {
      origin: host,
      iat,
      jti: encodeBase64url(sha256(utf8(`antin/vectors/jti/${name}`)).slice(0, 16)),
      statusListUri: `${host}/agencies/${credential.claims.iss}/status-lists/1`,
    }
    const made = credential.kind === 'card' ? cardVcClaims(credential.claims, input) : diplomaVcClaims(credential.claims, input)
    const key = signer ?? (await world.keyOf(credential.claims.iss, credential.kind))
    const header = { kid: encodeBase64url(key.kid) }
    const parts = change({ claims: { ...made.claims }, selective: { ...made.selective } }) as typeof made
    let drawn = 0
    return issueSdJwt(
      { header, ...parts, holderKey: wallet.jwk },
      {
        sign: key.sign,
        crypto: nodeCrypto,
        randomBytes: length => Buffer.concat(Array.from({ length: length / 16 }, () => sha256(utf8(`${name}/${drawn++}`)).slice(0, 16))),
      },
    )
  }
  const present = (text: string, names = shown, signer = wallet) =>
    presentSdJwt(text, names, { aud, nonce, iat: now - minute, sign: signer.sign, crypto: nodeCrypto })

  const sealed = await world.diploma('diploma')
  const { text, payload } = await issue('diploma', sealed)
  const registered = await world.entryOf(sealed)
  /** A log that holds the issue of an SD-JWT VC, and the receipt of it where a verifier asks for it. */
  const logged = (payloadBytes: Uint8Array, more: Record<string, unknown> = {}): Files => {
    const digest = encodeBase64url(sha256(payloadBytes))
    const log = world.newLog()
    for (let i = 0; i < 3; i++) log.append(world.filler(iat - 100 + i, i))
    const leaf = log.append({ ...registered, at: iat + 5, type: 'sd-jwt.issued', digest, ...more })
    log.append(world.filler(iat + day, 4))
    return { ...files, ...log.files(), [`/log/proof?digest=${digest}`]: JSON.stringify(log.receipt(leaf)) }
  }
  const diploma = (name: string, shows: string, expect: VectorCase['expect'], more: Partial<Draft> & { text?: string } = {}) => {
    const { text: other, sdJwt, ...rest } = more
    add({ name, shows, expect, kind: 'diploma', files: logged(payload), sdJwt: { text: other ?? text, ...sdJwt }, ...rest })
  }

  diploma('sd-jwt-diploma', 'A diploma with all its disclosures; its entry is found by the digest of the payload', {
    verdict: 'valid',
    log: 'log.passed',
  })
  const bound = await present(text)
  diploma(
    'sd-jwt-diploma-bound',
    'Five claims disclosed, holder binding asked for and given',
    { verdict: 'valid', signature: 'signature.passed' },
    {
      sdJwt: { text: bound, binding: { aud, nonce } },
      text: bound,
    },
  )
  diploma(
    'sd-jwt-diploma-file',
    'With the registered file, whose digest is disclosed',
    { verdict: 'valid', document: 'document.matches' },
    {
      sdJwt: { text, document: { sha256: sha256(documentFile) } },
    },
  )
  const withheld = await presentSdJwt(text, ['title'])
  diploma(
    'sd-jwt-diploma-file-withheld',
    'With the registered file, whose digest is not disclosed',
    { verdict: 'undetermined', document: 'document.copy' },
    {
      sdJwt: { text: withheld, document: { sha256: sha256(documentFile) } },
      text: withheld,
    },
  )
  diploma(
    'sd-jwt-unbound',
    'Holder binding asked for and not given',
    { verdict: 'invalid', signature: 'signature.holder-binding' },
    {
      sdJwt: { text, binding: { aud, nonce } },
    },
  )
  diploma(
    'sd-jwt-bound-replayed',
    'A presentation made for another nonce',
    { verdict: 'invalid', signature: 'signature.holder-binding' },
    {
      sdJwt: { text: bound, binding: { aud, nonce: 'another' } },
      text: bound,
    },
  )
  const stolen = await present(text, shown, await testKey('stranger'))
  diploma(
    'sd-jwt-bound-stolen',
    'A presentation signed by another key than the one in cnf',
    { verdict: 'invalid', signature: 'signature.holder-binding' },
    {
      sdJwt: { text: stolen, binding: { aud, nonce } },
      text: stolen,
    },
  )
  const [jwt, ...disclosures] = text.split('~')
  const forged = encodeBase64url(utf8(JSON.stringify(['AAAAAAAAAAAAAAAAAAAAAA', 'classification', 'Xuất sắc'])))
  diploma(
    'sd-jwt-forged-disclosure',
    'A disclosure that no digest stands for',
    { verdict: 'invalid', format: 'format.malformed' },
    {
      text: [jwt, forged, ...disclosures].join('~'),
    },
  )
  const parts = jwt!.split('.')
  const altered = encodeBase64url(utf8(JSON.stringify({ ...parseSdJwt(text).jwt.payload, iat: iat - 1 })))
  diploma(
    'sd-jwt-altered',
    'A payload that was not signed',
    { verdict: 'invalid', signature: 'signature.wrong' },
    {
      text: [[parts[0], altered, parts[2]].join('.'), ...disclosures].join('~'),
    },
  )
  diploma(
    'sd-jwt-not-logged',
    'No entry of its issue, and a log that has gone on since',
    { verdict: 'undetermined', log: 'log.absent' },
    {
      files: Object.fromEntries(Object.entries(logged(payload)).filter(([path]) => !path.startsWith('/log/proof'))),
    },
  )
  diploma(
    'sd-jwt-other-key-logged',
    'The entry names another key',
    { verdict: 'undetermined', log: 'log.entry-differs' },
    {
      files: logged(payload, { kid: encodeBase64url(new Uint8Array(8)) }),
    },
  )

  const other = async (
    name: string,
    shows: string,
    expect: VectorCase['expect'],
    from: Uint8Array,
    change?: Parameters<typeof issue>[2],
    signer?: Parameters<typeof issue>[3],
  ) => {
    const made = await issue(name, from, change, signer)
    diploma(name, shows, expect, { text: made.text, files: logged(made.payload) })
  }
  await other(
    'sd-jwt-ended',
    'A diploma that was ended',
    { verdict: 'invalid', status: 'status.revoked' },
    await world.diploma('ended', { status: { list: 1, idx: 51 } }),
  )
  await other(
    'sd-jwt-expired',
    'A certificate past its expiry',
    { verdict: 'invalid', validity: 'validity.expired' },
    await world.diploma('expiring', { exp: now - day }),
  )
  await other(
    'sd-jwt-key-use',
    'A diploma signed by the card key',
    { verdict: 'invalid', issuer: 'issuer.use' },
    sealed,
    undefined,
    await world.keyOf('G09', 'card'),
  )
  await other(
    'sd-jwt-other-list',
    'A status list whose sub is not the URL that was signed',
    { verdict: 'undetermined', status: 'status.other-issuer' },
    sealed,
    ({ claims, selective }) => ({
      claims: { ...claims, status: { status_list: { idx: 9, uri: 'https://other.example/status-lists/1' } } },
      selective,
    }),
  )
  await other(
    'sd-jwt-newer-type',
    'Version 2 of a type',
    { verdict: 'undetermined', format: 'format.newer' },
    sealed,
    ({ claims, selective }) => ({
      claims: { ...claims, vct: `${host}/vct/diploma/2` },
      selective,
    }),
  )
  await other(
    'sd-jwt-newer-claim',
    'A claim that this version does not know',
    { verdict: 'undetermined', format: 'format.newer' },
    sealed,
    ({ claims, selective }) => ({
      claims,
      selective: { ...selective, credits: 120 },
    }),
  )

  await other(
    'sd-jwt-newer-basis',
    'A basis of registration that this version does not know',
    { verdict: 'undetermined', format: 'format.newer' },
    sealed,
    ({ claims, selective }) => ({ claims, selective: { ...selective, basis: 4 } }),
  )
  const withHeader = async (name: string, shows: string, more: object, expect: VectorCase['expect'], from = sealed) => {
    const made = await issue(name, from)
    const [first, ...rest] = made.text.split('~')
    diploma(name, shows, expect, {
      text: [await withJwsHeader(first!, await world.keyOf('G09', 'diploma'), more), ...rest].join('~'),
      files: logged(made.payload),
    })
  }
  await withHeader(
    'sd-jwt-newer-alg',
    'An unknown algorithm: the other checks still run',
    { alg: 'ES384' },
    { verdict: 'undetermined', format: 'format.newer', signature: 'signature.newer', issuer: 'issuer.passed', log: 'log.passed' },
  )
  await withHeader(
    'sd-jwt-newer-header',
    'An unknown header name in an ended diploma: the other checks still run and fail',
    { later: 1 },
    { verdict: 'invalid', format: 'format.newer', signature: 'signature.passed', status: 'status.revoked' },
    await world.diploma('ended', { status: { list: 1, idx: 51 } }),
  )
  const otherDigest = await issue('sd-jwt-newer-digest', sealed)
  const [hashed] = otherDigest.text.split('~')
  const byOther = await withPayload(hashed!, await world.keyOf('G09', 'diploma'), payload => ({ ...payload, _sd_alg: 'sha-384' }))
  diploma(
    'sd-jwt-newer-digest',
    'Disclosures by another digest cannot be read; what is always disclosed is judged',
    { verdict: 'undetermined', format: 'format.newer', signature: 'signature.passed', status: 'status.passed' },
    {
      text: [byOther, ...otherDigest.text.split('~').slice(1)].join('~'),
      files: logged(decodeBase64url(byOther.split('.')[1]!)),
    },
  )

  const laterCategory = await issue('sd-jwt-newer-category', await world.card('card'), ({ claims, selective }) => ({
    claims,
    selective: { ...selective, category: 'XB' },
  }))
  add({
    name: 'sd-jwt-newer-category',
    shows: 'A category that this version does not know',
    sdJwt: { text: laterCategory.text },
    expect: { verdict: 'undetermined', format: 'format.newer' },
  })
  const card = await issue('card', await world.card('card'))
  for (const [name, shows, claim, code] of [
    ['sd-jwt-card-photo', 'With the JPEG whose digest the holder discloses', 'photo', 'photo.matches'],
    [
      'sd-jwt-card-photo-withheld',
      'With a JPEG, whose digest the holder does not disclose: it is not compared',
      'category',
      'photo.not-given',
    ],
  ] as const) {
    const text = await presentSdJwt(card.text, [claim])
    add({ name, shows, sdJwt: { text, photo }, expect: { verdict: 'valid', photo: code } })
  }
  add({
    name: 'sd-jwt-card',
    shows: 'A card of which the holder discloses the category alone',
    sdJwt: { text: await presentSdJwt(card.text, ['category']) },
    expect: { verdict: 'valid', log: 'log.not-required' },
  })
}
