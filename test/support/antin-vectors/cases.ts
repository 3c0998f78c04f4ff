import { zlibSync } from 'fflate'
import { parseSealed } from '../../../core/credential/sealed.ts'
import { decodeBase64url, encodeBase64url } from '../../../core/encoding/base64url.ts'
import { concatBytes, utf8 } from '../../../core/encoding/bytes.ts'
import { canonicalJson } from '../../../core/encoding/canonicalJson.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../../core/encoding/strictCbor.ts'
import type { CheckCode } from '../../../core/verification/checkCode.ts'
import type { ChainAnswer } from '../../../core/verification/evidence.ts'
import type { CheckName, Verdict } from '../../../core/verification/report.ts'
import type { VerificationCase } from './runCase.ts'
import { addSdJwts } from './sdJwtCases.ts'
import type { TestKey } from './testKey.ts'
import type { TestLog } from './testLog.ts'
import { contract, day, documentFile, type Files, host, hour, makeWorld, minute, now, photo, sha256, type World } from './world.ts'

/** A case of the published set: what it shows, and what its report has to say. */
export interface VectorCase extends VerificationCase {
  readonly name: string
  readonly shows: string
  readonly expect: { readonly verdict: Verdict } & { readonly [check in CheckName]?: CheckCode }
}

type Draft = Pick<VectorCase, 'name' | 'shows' | 'expect'> & {
  sealed?: Uint8Array
  photo?: Uint8Array
  document?: VerificationCase['input']['document']
} & Partial<Omit<VerificationCase, 'input'>>

/** All cases of the published set, in order; the same on every run. */
export async function makeCases(): Promise<VectorCase[]> {
  const world = await makeWorld()
  const files = await world.files()
  const cases: VectorCase[] = []
  const add = ({ name, shows, expect, sealed = new Uint8Array(0), photo, document, ...more }: Draft) => {
    cases.push({
      name,
      shows,
      expect,
      input: { sealed, photo, document },
      kind: 'card',
      policy: 'standard',
      now,
      trustRoot: world.pin,
      files,
      online: true,
      unreachable: [],
      ...more,
    })
  }
  await addCards(add, world, files)
  await addFormats(add, world)
  await addIssuers(add, world, files)
  await addTrust(add, world, files)
  await addStatuses(add, world, files)
  await addTimes(add, world, files)
  await addDiplomas(add, world, files)
  await addAnchors(add, world, files)
  await addSdJwts(add, world, files)
  return cases
}

type Add = (draft: Draft) => void

/** Slices of changed agencies in place of the ordinary ones, with the index of that publication. */
async function withAgencies(world: World, files: Files, changed: World['agencies']): Promise<Files> {
  return { ...files, ...(await world.files(changed)), '/status-lists/1': files['/status-lists/1']! }
}

async function addCards(add: Add, world: World, files: Files) {
  const card = await world.card('card')
  add({
    name: 'card-valid',
    shows: 'A card under the standard policy: root, one slice, one status list',
    sealed: card,
    expect: { verdict: 'valid' },
  })
  add({
    name: 'card-valid-offline',
    shows: 'The same from kept files, without network',
    sealed: card,
    online: false,
    expect: { verdict: 'valid' },
  })
  add({
    name: 'card-photo-matches',
    shows: 'With the JPEG that field 6 names',
    sealed: card,
    photo,
    expect: { verdict: 'valid', photo: 'photo.matches' },
  })
  add({
    name: 'card-photo-differs',
    shows: 'With another JPEG',
    sealed: card,
    photo: utf8('another'),
    expect: { verdict: 'invalid', photo: 'photo.differs' },
  })
  add({
    name: 'card-with-file',
    shows: 'A file that came with a card says nothing',
    sealed: card,
    document: { sha256: sha256(utf8('a picture of the card')) },
    expect: { verdict: 'valid', document: 'document.card' },
  })
  const using = await world.card('using', { usingAgency: 'G09.12.04' as never })
  add({
    name: 'card-using-agency',
    shows: 'The using agency is below the issuer by the parents of the trust list',
    sealed: using,
    expect: { verdict: 'valid' },
  })
  const byParent = await world.card('by-parent', { iss: 'G09.30', signer: await world.keyOf('G09', 'card') })
  add({
    name: 'card-signed-by-ancestor',
    shows: 'An ancestor signs for an agency; the status list is the ancestor’s',
    sealed: byParent,
    expect: { verdict: 'valid' },
  })
  const { log, leaf } = await world.logged(card)
  const strict = {
    ...files,
    [world.proofPath(card)]: JSON.stringify(log.receipt(leaf, { anchor: world.anchorAt(log, log.size, log.size) })),
    ...log.files(),
  }
  add({
    name: 'card-strict',
    shows: 'Under strict also log and anchor',
    sealed: card,
    policy: 'strict',
    files: strict,
    chain: answer(log, log.size),
    expect: { verdict: 'valid', log: 'log.passed', anchor: 'anchor.passed' },
  })
  add({
    name: 'card-strict-no-node',
    shows: 'Strict without a chain node',
    sealed: card,
    policy: 'strict',
    files: strict,
    expect: { verdict: 'undetermined', anchor: 'anchor.no-node' },
  })
}

async function addFormats(add: Add, world: World) {
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

async function addIssuers(add: Add, world: World, files: Files) {
  const { agencies, keyOf } = world
  const card = await world.card('card')
  const add1 = (name: string, shows: string, sealed: Uint8Array, issuer: CheckCode, verdict: Verdict, more: Partial<Draft> = {}) =>
    add({ name, shows, sealed, ...more, expect: { verdict, issuer } })
  add1(
    'issuer-unknown-key',
    'A key that a current slice does not know',
    await world.card('stranger', { signer: world.keys.stranger }),
    'issuer.unknown-key',
    'invalid',
  )
  const young = await world.card('young', { signer: world.keys.stranger, iat: now - 10 * minute })
  add1(
    'issuer-unknown-key-stale',
    'Offline, with a slice older than the card, the key may be newer than the slice',
    young,
    'issuer.unknown-key-stale',
    'undetermined',
    {
      online: false,
    },
  )
  add1('issuer-unknown-key-online', 'Online, a slice under 24 hours old denies the key', young, 'issuer.unknown-key', 'invalid')
  add1(
    'issuer-use-status',
    'Signed with a key for status lists',
    await world.card('use', { signer: await keyOf('G09', 'status') }),
    'issuer.use',
    'invalid',
  )
  add1(
    'issuer-use-diploma',
    'Signed with a key for diplomas',
    await world.card('use', { signer: await keyOf('G09', 'diploma') }),
    'issuer.use',
    'invalid',
  )
  add1(
    'issuer-descendant',
    'A descendant signs for its parent',
    await world.card('down', { signer: await keyOf('G09.12', 'card'), usingAgency: 'G09.12.04' as never }),
    'issuer.not-entitled',
    'invalid',
  )
  add1(
    'issuer-using-outside',
    'The using agency is not below the issuer',
    await world.card('outside', { iss: 'G09.12', usingAgency: 'G09.30' as never, signer: await keyOf('G09', 'card') }),
    'issuer.using-agency',
    'invalid',
  )
  add1(
    'issuer-key-too-early',
    'Issued before its key began',
    await world.card('early', { iat: Date.UTC(2025, 11, 31) / 1000 }),
    'issuer.key-window',
    'invalid',
  )
  add1(
    'issuer-using-foreign',
    'The using agency belongs to another ministry: its slice does not even know the issuer',
    await world.card('foreign', { usingAgency: 'G10' as never }),
    'issuer.using-agency',
    'invalid',
  )
  const moved = await world.card('moved', {
    iss: 'G09.12',
    usingAgency: 'G09.30' as never,
    signer: await keyOf('G09', 'card'),
    iat: now - 10 * minute,
  })
  add1(
    'issuer-stale',
    'Offline, with a slice older than the card, the using agency may have moved since',
    moved,
    'issuer.stale',
    'undetermined',
    { online: false },
  )
  const retired = { ...agencies, G09: await withKey(world, 'G09', 'card', { retiredAt: now - 31 * day }) }
  add1('issuer-key-retired', 'Issued after its key was retired', card, 'issuer.key-retired', 'invalid', {
    files: await withAgencies(world, files, retired),
  })
  const since = { ...agencies, G09: await withKey(world, 'G09', 'card', { retiredAt: now - 29 * day }) }
  add1('issuer-key-retired-later', 'Its key was retired after it was issued', card, 'issuer.passed', 'valid', {
    files: await withAgencies(world, files, since),
  })
  const bySuccessor = await world.card('successor', { iss: 'G10.02', signer: await keyOf('G11', 'card') })
  const successorList = { ...files, '/status-lists/1': await world.statusList('G11') }
  add1('issuer-successor', 'The successor signs for a dissolved agency', bySuccessor, 'issuer.passed', 'valid', { files: successorList })
  const tooLate = await world.card('too-late', { iss: 'G10.02' })
  add1('issuer-agency-dissolved', 'A dissolved agency signs', tooLate, 'issuer.agency-window', 'invalid', {
    files: { ...files, '/status-lists/1': await world.statusList('G10.02') },
  })
  const mixed = await world.card('mixed', { iss: 'G10.02', signer: await keyOf('G09', 'card') })
  const withParent = { ...agencies, G11: { ...agencies.G11, parents: [{ code: 'G09', from: 0 }] } }
  add1('issuer-ancestor-of-successor', 'Ancestors and successors are never mixed', mixed, 'issuer.not-entitled', 'invalid', {
    files: await withAgencies(world, files, withParent),
  })
  const unknown = await world.card('unknown-agency', { iss: 'G12' })
  add1('issuer-unknown-agency', 'An index under 24 hours old does not have the agency', unknown, 'issuer.unknown-agency', 'invalid')
  add1('issuer-unknown-agency-no-index', 'Without an index nobody can say so', unknown, 'issuer.trust-not-found', 'undetermined', {
    files: without(files, '/.well-known/antin/trust-list'),
  })

  const { log, leaf } = await world.logged(card)
  const compromise = { at: now - day, origin: log.origin, logSize: log.size, rootHash: encodeBase64url(log.root()) }
  const compromised = await withAgencies(world, files, { ...agencies, G09: await withKey(world, 'G09', 'card', { compromise }) })
  const proof = `${world.proofPath(card)}&size=${log.size}`
  add1(
    'issuer-compromised',
    'The key was compromised and nothing proves that the card is older',
    card,
    'issuer.compromised',
    'undetermined',
    { files: compromised },
  )
  const proven = { ...compromised, [proof]: JSON.stringify(log.receipt(leaf, { checkpoint: null })) }
  add1(
    'issuer-compromised-proven',
    'The entry is proven under exactly the root of the compromise',
    card,
    'issuer.proven-before-compromise',
    'valid',
    { files: proven },
  )
  const smaller = { ...compromised, [proof]: JSON.stringify(log.receipt(leaf, { size: log.size - 2, checkpoint: null })) }
  add1('issuer-compromised-other-size', 'A proof at another size does not count', card, 'issuer.compromised', 'undetermined', {
    files: smaller,
  })
  const afterwards = await world.card('afterwards')
  add1(
    'issuer-compromised-forged',
    'A card forged later, offered with the proof of another card',
    afterwards,
    'issuer.compromised',
    'undetermined',
    {
      files: {
        ...compromised,
        [`${world.proofPath(afterwards)}&size=${log.size}`]: JSON.stringify(log.receipt(leaf, { checkpoint: null })),
      },
    },
  )
}

async function addTrust(add: Add, world: World, files: Files) {
  const { keys, agencies } = world
  const sealed = await world.card('card')
  const path = '/.well-known/antin/trust/G09'
  const trust = (name: string, shows: string, issuer: CheckCode, more: Partial<Draft>) =>
    add({ name, shows, sealed, ...more, expect: { verdict: 'undetermined', issuer } })
  trust('trust-unreachable', 'No trust slice can be had: an outage is never a verdict', 'issuer.trust-missing', { unreachable: [path] })
  trust('trust-nothing-reachable', 'Nothing can be had', 'issuer.root-missing', { unreachable: ['/'] })
  trust('trust-expired', 'An expired slice', 'issuer.trust-expired', {
    files: { ...files, [path]: await world.slice('G09', { iat: now - 8 * day, exp: now - day }) },
  })
  trust('trust-agency-signed', "A slice signed by an agency's key", 'issuer.trust-agency-signed', {
    files: { ...files, [path]: await world.slice('G09', { signer: await world.keyOf('G09', 'card') }) },
  })
  trust('trust-unknown-signer', 'A slice signed by an unknown key', 'issuer.trust-unknown-signer', {
    files: { ...files, [path]: await world.slice('G09', { signer: keys.stranger }) },
  })
  trust('trust-old-epoch', 'A slice of the epoch before, signed by its trust key', 'issuer.trust-epoch', {
    files: { ...files, [path]: await world.slice('G09', { signer: keys.trust1, epoch: 1 }) },
  })
  trust('trust-wrong-signature', 'A slice with a wrong signature', 'issuer.trust-signature', {
    files: { ...files, [path]: tampered(String(files[path])) },
  })
  trust('trust-extra-header', 'A slice whose header carries a jwk', 'issuer.trust-newer', {
    files: { ...files, [path]: await withHeader(String(files[path]), keys.trust2, { jwk: keys.trust2.jwk }) },
  })
  trust('trust-alg-none', 'A slice with alg none', 'issuer.trust-malformed', {
    files: { ...files, [path]: await withHeader(String(files[path]), keys.trust2, { alg: 'none' }) },
  })
  trust('trust-other-typ', 'A slice with the typ of a status list', 'issuer.trust-malformed', {
    files: { ...files, [path]: await withHeader(String(files[path]), keys.trust2, { typ: 'statuslist+jwt' }) },
  })
  trust('trust-older-again', 'A slice older than one accepted before', 'issuer.trust-older', {
    before: { ...files, [path]: await world.slice('G09', { seq: 41 }) },
  })
  trust('trust-other-agency', 'The slice of another agency', 'issuer.trust-other-agency', {
    files: { ...files, [path]: files['/.well-known/antin/trust/G10']! },
  })
  const open = { ...agencies['G09.12'], parents: [{ code: 'G10', from: 0 }] }
  trust('trust-not-closed', 'A slice that names a parent and does not hold it', 'issuer.trust-malformed', {
    files: { ...files, [path]: await world.slice('G09', { agencies: [agencies.G09, open] }) },
  })
  const wrongKid = { ...agencies.G09, keys: agencies.G09.keys.map(key => ({ ...key, jwk: keys.stranger.jwk })) }
  trust('trust-kid-of-other-key', 'A slice whose kids are not those of its keys', 'issuer.trust-malformed', {
    files: { ...files, [path]: await world.slice('G09', { agencies: [wrongKid] }) },
  })

  trust('root-malformed', 'A root that is none', 'issuer.root-malformed', { files: { ...files, '/.well-known/antin/root': '{}' } })
  const diplomaSealed = await world.diploma('diploma')
  add({
    name: 'trust-digest',
    shows: 'A slice, rightly signed, that is not the one the index of the same seq names',
    sealed: diplomaSealed,
    kind: 'diploma',
    files: { ...files, [path]: await world.slice('G09', { iat: now - 2 * hour }) },
    expect: { verdict: 'undetermined', issuer: 'issuer.trust-digest' },
  })

  const roots = async (payloads = world.rootPayloads, signers?: TestKey[][]) => ({
    ...files,
    ...(await world.rootFiles(payloads, signers)),
  })
  const [first, second] = world.rootPayloads as [(typeof world.rootPayloads)[0], (typeof world.rootPayloads)[0]]
  trust('root-unpinned', 'Another epoch 1 than the pinned one', 'issuer.root-unpinned', {
    files: await roots([{ ...first, exp: first.exp + 1 }, second]),
  })
  trust('root-below-threshold', 'A root without the threshold of its own keys', 'issuer.root-threshold', {
    files: await roots(undefined, [[keys.root1], [keys.root2, keys.root3]]),
  })
  trust('root-one-key-twice', 'One key that signs twice counts once', 'issuer.root-threshold', {
    files: await roots(undefined, [
      [keys.root1, keys.root1],
      [keys.root2, keys.root3],
    ]),
  })
  trust('root-skips-old-threshold', 'A root that the threshold before it did not sign', 'issuer.root-skipped-threshold', {
    files: await roots(undefined, [
      [keys.root1, keys.root2],
      [keys.root3, keys.root4],
    ]),
  })
  trust('root-gap', 'An epoch that is not there', 'issuer.root-missing', { files: without(files, '/.well-known/antin/root/1') })
  trust('root-epoch-wrong', 'Epoch 1 offered in the place of epoch 2', 'issuer.root-epoch', {
    files: await (async () => {
      const three = await world.rootFiles(
        [first, second, { ...second, epoch: 3 }],
        [
          [keys.root1, keys.root2],
          [keys.root2, keys.root3],
          [keys.root2, keys.root3],
        ],
      )
      return { ...files, ...three, '/.well-known/antin/root/2': three['/.well-known/antin/root/1']! }
    })(),
  })
  trust('root-expired', 'The newest root has expired', 'issuer.root-expired', {
    files: await roots([first, { ...second, exp: now - hour }]),
  })
  trust('root-older-again', 'The root of epoch 1 after epoch 2 was accepted', 'issuer.root-older', {
    before: files,
    files: await roots([first]),
  })
}

async function addStatuses(add: Add, world: World, files: Files) {
  const path = '/status-lists/1'
  const status = async (
    name: string,
    shows: string,
    code: CheckCode,
    verdict: Verdict,
    more: Partial<Draft> & { idx?: number; list?: number },
  ) => {
    const { idx = 7, list = 1, ...rest } = more
    add({
      name,
      shows,
      sealed: await world.card(`status-${idx}-${list}`, { status: { list, idx } }),
      ...rest,
      expect: { verdict, status: code },
    })
  }
  const listed = async (input: Parameters<World['statusList']>[1], code = 'G09') => ({
    files: { ...files, [path]: await world.statusList(code, input) },
  })
  await status('status-ended', 'Status 1', 'status.revoked', 'invalid', { idx: 50 })
  await status('status-suspended', 'Status 2', 'status.suspended', 'invalid', { idx: 57 })
  await status('status-never-issued', 'Status 3', 'status.never-issued', 'invalid', { idx: 62 })
  await status('status-no-such-index', 'An index beyond the list', 'status.index', 'undetermined', { idx: 64 })
  await status('status-unreachable', 'No status list can be had', 'status.missing', 'undetermined', { unreachable: [path] })
  await status('status-garbage', 'A list that is none', 'status.malformed', 'undetermined', { files: { ...files, [path]: 'garbage' } })
  await status('status-wrong-signature', 'A list with a wrong signature', 'status.signature', 'undetermined', {
    files: { ...files, [path]: tampered(String(files[path])) },
  })
  await status('status-other-bits', 'A list of one bit an entry', 'status.bits', 'undetermined', {
    files: {
      ...files,
      [path]: await withPayload(String(files[path]), await world.keyOf('G09', 'status'), payload => ({
        ...payload,
        status_list: { ...(payload.status_list as object), bits: 1 },
      })),
    },
  })
  await status('status-bomb', 'A list that inflates beyond 8 MiB', 'status.malformed', 'undetermined', {
    files: {
      ...files,
      [path]: await withPayload(String(files[path]), await world.keyOf('G09', 'status'), payload => ({
        ...payload,
        status_list: { bits: 2, lst: bomb() },
      })),
    },
  })
  await status(
    'status-unknown-key',
    'A list signed by an unknown key',
    'status.unknown-key',
    'undetermined',
    await listed({ signer: world.keys.stranger }),
  )
  await status(
    'status-use-card',
    'A list signed with a key for cards',
    'status.use',
    'undetermined',
    await listed({ signer: await world.keyOf('G09', 'card') }),
  )
  await status(
    'status-other-issuer',
    'The list of another agency',
    'status.other-issuer',
    'undetermined',
    await listed({ sub: `${host}/agencies/G10/status-lists/1` }),
  )
  await status('status-other-list', 'Another list of the same agency', 'status.other-list', 'undetermined', await listed({ number: 2 }))
  await status('status-future', 'A list from the future', 'status.future', 'undetermined', await listed({ iat: now + 10 * minute }))
  await status(
    'status-skew',
    'A list two minutes ahead is within the skew',
    'status.passed',
    'valid',
    await listed({ iat: now + 2 * minute }),
  )
  await status(
    'status-stale',
    'Online, a list older than 15 minutes and the skew',
    'status.stale',
    'undetermined',
    await listed({ iat: now - 17 * minute - 1 }),
  )
  await status(
    'status-not-stale',
    'Online, a list of 17 minutes: 15 and the skew',
    'status.passed',
    'valid',
    await listed({ iat: now - 17 * minute }),
  )
  await status('status-kept', 'Offline, a list of 20 hours', 'status.passed', 'valid', {
    online: false,
    ...(await listed({ iat: now - 20 * hour })),
  })
  await status('status-expired', 'Offline, a list past its exp', 'status.expired', 'undetermined', {
    online: false,
    ...(await listed({ iat: now - 25 * hour })),
  })
  await status('status-older-again', 'A list older than one accepted before', 'status.older', 'undetermined', {
    before: files,
    ...(await listed({ iat: now - 6 * minute })),
  })
  const young = await world.card('young-card', { iat: now - 2 * minute })
  add({
    name: 'status-before-credential',
    shows: 'A list signed before the card was issued',
    sealed: young,
    expect: { verdict: 'undetermined', status: 'status.before-credential' },
  })
  const child = await world.card('child', { iss: 'G09.30', signer: await world.keyOf('G09', 'card') })
  add({
    name: 'status-of-iss-not-of-signer',
    shows: "The list of iss where the signing agency's is due",
    sealed: child,
    files: { ...files, [path]: await world.statusList('G09.30', { signer: await world.keyOf('G09', 'status') }) },
    expect: { verdict: 'undetermined', status: 'status.other-issuer' },
  })
  const compromised = {
    ...world.agencies,
    G09: await withKey(world, 'G09', 'status', {
      compromise: { at: now - day, origin: 'antin.example/log', logSize: 1, rootHash: encodeBase64url(new Uint8Array(32)) },
    }),
  }
  await status('status-compromised', 'A compromised status key vouches for nothing', 'status.compromised', 'undetermined', {
    files: await withAgencies(world, files, compromised),
  })
}

async function addTimes(add: Add, world: World, files: Files) {
  const exp = Date.UTC(2026, 2, 11, 16, 59, 59) / 1000
  const short = await world.card('short', { exp: now - 120, iat: now - 100 * day })
  add({
    name: 'time-expired',
    shows: 'Expired since 12/03/2026',
    sealed: await world.card('expired', { exp, iat: now - 150 * day }),
    expect: { verdict: 'invalid', validity: 'validity.expired' },
  })
  add({
    name: 'time-last-second',
    shows: 'exp and the skew of 120 s, both included',
    sealed: short,
    expect: { verdict: 'valid', validity: 'validity.passed' },
  })
  add({
    name: 'time-one-second-over',
    shows: 'One second more',
    sealed: short,
    now: now + 1,
    expect: { verdict: 'invalid', validity: 'validity.expired' },
  })
  const future = await world.card('future', { iat: now + hour })
  add({
    name: 'time-future',
    shows: 'An iat in the future, with online evidence within 15 minutes',
    sealed: future,
    expect: { verdict: 'invalid', validity: 'validity.future' },
  })
  add({
    name: 'time-future-unconfirmed',
    shows: 'The same offline: perhaps the clock is wrong',
    sealed: future,
    online: false,
    expect: { verdict: 'undetermined', validity: 'validity.future-unconfirmed' },
  })
  const skewed = await world.card('skewed', { iat: now + 120 })
  add({
    name: 'time-within-skew',
    shows: 'An iat 120 s ahead',
    sealed: skewed,
    files: { ...files, '/status-lists/1': await world.statusList('G09', { iat: now + 120 }) },
    expect: { verdict: 'valid' },
  })
  add({
    name: 'time-clock-behind',
    shows: 'A clock more than 120 s behind authenticated evidence',
    sealed: await world.card('card'),
    now: now - 10 * minute,
    expect: { verdict: 'undetermined', validity: 'validity.clock' },
  })
}

async function addDiplomas(add: Add, world: World, files: Files) {
  const sealed = await world.diploma('diploma')
  const { log, leaf } = await world.logged(sealed)
  const path = world.proofPath(sealed)
  const withReceipt = (receipt: unknown) => ({ ...files, [path]: JSON.stringify(receipt) })
  const good = withReceipt(log.receipt(leaf))
  const diploma = (name: string, shows: string, more: Partial<Draft> & Pick<Draft, 'expect'>) =>
    add({ name, shows, sealed, kind: 'diploma', files: good, ...more })
  const document = { sha256: sha256(documentFile) }
  diploma('diploma-valid', 'A diploma with its receipt', { expect: { verdict: 'valid', log: 'log.passed' } })
  diploma('diploma-offline', 'The same from kept files', { online: false, expect: { verdict: 'valid' } })
  diploma('diploma-document', 'With the registered file', { document, expect: { verdict: 'valid', document: 'document.matches' } })
  diploma('diploma-copy', 'With another file', {
    document: { sha256: sha256(utf8('a scan')) },
    expect: { verdict: 'undetermined', document: 'document.copy' },
  })
  const altered = {
    sha256: sha256(utf8('altered')),
    signatures: [{ verified: false, wholeFile: true, certificate: Uint8Array.of(1), signedAt: now - day }],
  }
  diploma('diploma-pdf-signature-wrong', 'With a PDF whose signature does not verify', {
    document: altered,
    expect: { verdict: 'invalid', document: 'document.signature-wrong' },
  })
  const certificate = utf8('stands for a DER certificate')
  const documentKey = await world.keyPayload('G09', 'document', { x5c: [Buffer.from(certificate).toString('base64')] })
  const withDocumentKey = await withAgencies(world, files, {
    ...world.agencies,
    G09: { ...world.agencies.G09, keys: [...world.agencies.G09.keys, documentKey] },
  })
  const signed = (wholeFile: boolean) => ({
    sha256: sha256(utf8('signed')),
    signatures: [{ verified: true, wholeFile, certificate, signedAt: now - day }],
  })
  const files1 = { ...withDocumentKey, [path]: good[path]! }
  diploma('diploma-pdf-signed', 'With a PDF signed as a whole by the issuer', {
    document: signed(true),
    files: files1,
    expect: { verdict: 'valid', document: 'document.signed' },
  })
  diploma('diploma-pdf-part-signed', 'With a PDF of which only a part is signed', {
    document: signed(false),
    files: files1,
    expect: { verdict: 'undetermined', document: 'document.copy' },
  })
  diploma('diploma-pdf-unsigned', 'With a PDF that is neither registered nor signed', {
    document: { sha256: sha256(utf8('unsigned')), signatures: [] },
    expect: { verdict: 'undetermined', document: 'document.copy' },
  })
  diploma('diploma-pdf-foreign', 'With a PDF signed as a whole by somebody else', {
    document: signed(true),
    expect: { verdict: 'undetermined', document: 'document.copy' },
  })
  diploma('diploma-pdf-expired', "With a PDF signed as a whole after the end of the issuer's certificate", {
    document: { ...signed(true), signatures: [{ verified: true, wholeFile: true, certificate, signedAt: now + 3650 * day }] },
    files: files1,
    expect: { verdict: 'undetermined', document: 'document.copy' },
  })
  diploma('diploma-expired', 'A certificate past its expiry', {
    sealed: await world.diploma('expiring', { exp: now - day }),
    expect: { verdict: 'invalid', validity: 'validity.expired' },
  })
  diploma('diploma-ended', 'A diploma that was ended', {
    sealed: await world.diploma('ended', { status: { list: 1, idx: 51 } }),
    expect: { verdict: 'invalid', status: 'status.revoked' },
  })

  diploma('log-unreachable', 'No receipt can be had', { unreachable: ['/log/'], expect: { verdict: 'undetermined', log: 'log.missing' } })
  diploma('log-no-index', 'No index, so no log keys', {
    unreachable: ['/.well-known/antin/trust-list'],
    expect: { verdict: 'undetermined', log: 'log.no-trust' },
  })
  diploma('log-malformed', 'A receipt that is none', {
    files: withReceipt({ v: 1 }),
    expect: { verdict: 'undetermined', log: 'log.malformed' },
  })
  diploma('log-bad-path', 'A proof that does not lead to the root', {
    files: withReceipt({ ...log.receipt(leaf), inclusionPath: log.inclusionPath(leaf + 1) }),
    expect: { verdict: 'undetermined', log: 'log.proof' },
  })
  diploma('log-foreign', 'The proof of another entry', {
    files: withReceipt(log.receipt(leaf + 1)),
    expect: { verdict: 'undetermined', log: 'log.foreign' },
  })
  diploma('log-no-checkpoint', 'A receipt at a size that was never signed', {
    files: withReceipt(log.receipt(leaf, { checkpoint: null })),
    expect: { verdict: 'undetermined', log: 'log.checkpoint' },
  })
  diploma('log-checkpoint-forged', 'A checkpoint that the log did not sign', {
    files: withReceipt(log.receipt(leaf, { checkpoint: log.checkpoint().replace(/(antin\.example\/log [A-Za-z0-9+/]{20})./, '$1B') })),
    expect: { verdict: 'undetermined', log: 'log.checkpoint' },
  })
  diploma('log-unknown', 'A log that the index does not name', {
    files: withReceipt(log.receipt(leaf, { checkpoint: log.checkpoint().replaceAll('antin.example/log', 'other.example/log') })),
    expect: { verdict: 'undetermined', log: 'log.unknown-log' },
  })
  diploma('log-quorum', 'One witness where two are needed', {
    files: withReceipt(log.receipt(leaf, { checkpoint: log.checkpoint(log.size, { cosigners: 1 }) })),
    expect: { verdict: 'undetermined', log: 'log.quorum' },
  })
  const closed = await world.index(files, {
    logs: [{ origin: log.origin, vkey: vkeyOf(files), url: `${host}/log`, from: 0, until: now - 60 * day }],
  })
  diploma('log-window', 'An entry after the index closed the log', {
    files: { ...good, '/.well-known/antin/trust-list': closed },
    expect: { verdict: 'undetermined', log: 'log.window' },
  })
  const other = await world.logged(sealed, { more: { digest: encodeBase64url(new Uint8Array(32)) } })
  diploma('log-entry-differs', 'A proven entry with this ref and another digest', {
    files: withReceipt(other.log.receipt(other.leaf)),
    expect: { verdict: 'undetermined', log: 'log.entry-differs' },
  })
  const otherKind = await world.logged(sealed, { more: { type: 'card.issued' } })
  diploma('log-entry-other-type', 'A proven entry with this ref that says it is a card', {
    files: withReceipt(otherKind.log.receipt(otherKind.leaf)),
    expect: { verdict: 'undetermined', log: 'log.entry-differs' },
  })
  const silent = await world.logged(sealed, { more: { agency: undefined, kid: undefined } })
  diploma('log-entry-silent', 'An entry without agency and kid, of an agency that is not restricted', {
    files: withReceipt(silent.log.receipt(silent.leaf)),
    expect: { verdict: 'undetermined', log: 'log.entry-differs' },
  })
  const restricted = await withAgencies(world, files, { ...world.agencies, G09: { ...world.agencies.G09, restricted: true } })
  diploma('log-entry-restricted', 'The same of an agency that is restricted', {
    files: { ...restricted, [path]: JSON.stringify(silent.log.receipt(silent.leaf)) },
    expect: { verdict: 'valid', log: 'log.passed' },
  })
  const without1 = world.newLog()
  for (let i = 0; i < 7; i++) without1.append(world.filler(now - 40 * day + i, i))
  diploma('log-not-yet', 'The log does not know the ref and has not gone on since', {
    files: { ...files, ...without1.files() },
    expect: { verdict: 'undetermined', log: 'log.not-yet' },
  })
  without1.append(world.filler(now - 20 * day, 8))
  diploma('log-absent', 'The log does not know the ref and has gone on since', {
    files: { ...files, ...without1.files() },
    expect: { verdict: 'undetermined', log: 'log.absent' },
  })
  const fork = world.newLog()
  for (let i = 0; i < log.size; i++) fork.append(world.filler(now - 30 * day + i, i))
  diploma('log-inconsistent', 'Two signed checkpoints of one size and two roots', {
    policy: 'strict',
    files: { ...good, ...fork.files() },
    expect: { verdict: 'undetermined', log: 'log.inconsistent' },
  })
  const longFork = world.newLog()
  for (let i = 0; i < log.size + 9; i++) longFork.append(world.filler(now - 30 * day + i, i))
  const uneven = { ...files, ...longFork.files(), [path]: JSON.stringify(log.receipt(leaf, { size: 11 })) }
  diploma('log-inconsistent-growth', 'A newer checkpoint that does not extend the one of the receipt', {
    policy: 'strict',
    files: uneven,
    expect: { verdict: 'undetermined', log: 'log.inconsistent' },
  })
}

async function addAnchors(add: Add, world: World, files: Files) {
  const sealed = await world.diploma('diploma')
  const { log, leaf } = await world.logged(sealed)
  const path = world.proofPath(sealed)
  const size = 9
  const withAnchor = (anchorSize: number, more: Record<string, unknown> = {}) => ({
    ...files,
    ...log.files(),
    [path]: JSON.stringify(log.receipt(leaf, { size, anchor: { ...world.anchorAt(log, anchorSize, size), ...more } })),
  })
  const anchor = (name: string, shows: string, code: CheckCode, verdict: Verdict, more: Partial<Draft>) =>
    add({
      name,
      shows,
      sealed,
      kind: 'diploma',
      policy: 'strict',
      files: withAnchor(12),
      chain: answer(log, 12),
      ...more,
      expect: { verdict, anchor: code },
    })
  anchor('anchor-later-size', 'Anchored at a later size', 'anchor.passed', 'valid', {})
  anchor('anchor-same-size', 'Anchored at the size of the receipt', 'anchor.passed', 'valid', {
    files: withAnchor(size),
    chain: answer(log, size),
  })
  anchor('anchor-earlier-size', 'Anchored at an earlier size that the tree extends', 'anchor.passed', 'valid', {
    files: withAnchor(7),
    chain: answer(log, 7),
  })
  anchor('anchor-no-node', 'Without a chain node', 'anchor.no-node', 'undetermined', { chain: undefined })
  anchor('anchor-silent', 'A node that does not answer', 'anchor.silent', 'undetermined', { chain: { kind: 'silent', detail: 'timeout' } })
  anchor('anchor-wrong-chain', 'A node of another chain', 'anchor.wrong-chain', 'undetermined', {
    chain: { ...answer(log, 12), chainId: 1 },
  })
  anchor('anchor-no-code', 'No contract at the address', 'anchor.no-code', 'undetermined', {
    chain: { ...answer(log, 12), codeHash: null },
  })
  anchor('anchor-wrong-code', 'Another contract at the address', 'anchor.wrong-code', 'undetermined', {
    chain: { ...answer(log, 12), codeHash: `0x${'00'.repeat(32)}` },
  })
  anchor('anchor-unknown-size', 'A zero root at the size', 'anchor.unknown-size', 'undetermined', {
    chain: { ...answer(log, 12), rootHash: null },
  })
  anchor('anchor-unknown-contract', 'A contract that the index does not name', 'anchor.unknown-contract', 'undetermined', {
    files: withAnchor(12, { contract: `0x${'11'.repeat(20)}` }),
  })
  anchor('anchor-bad-path', 'A consistency path that proves nothing', 'anchor.proof', 'undetermined', {
    files: withAnchor(12, { consistencyPath: log.consistencyPath(7, 12) }),
  })
  anchor('anchor-different-root', 'Another finalised root at the same size', 'anchor.different-root', 'undetermined', {
    files: withAnchor(size),
    chain: { ...answer(log, size), rootHash: sha256(utf8('another tree')) },
  })
  const pending = { ...files, ...log.files(), [path]: JSON.stringify(log.receipt(leaf, { size })) }
  anchor('anchor-late', 'Still pending after 24 hours', 'anchor.late', 'undetermined', { files: pending, chain: undefined })
  const young = await world.diploma('young', { iat: now - hour })
  const youngLog = await world.logged(young, { after: 0 })
  anchor('anchor-pending', 'Pending for an hour', 'anchor.pending', 'undetermined', {
    sealed: young,
    files: { ...files, ...youngLog.log.files(), [world.proofPath(young)]: JSON.stringify(youngLog.log.receipt(youngLog.leaf)) },
    chain: undefined,
  })
  anchor('anchor-none', 'CHAIN=none: an index without anchors', 'anchor.none', 'valid', {
    files: { ...pending, '/.well-known/antin/trust-list': await world.index(files, { anchors: [] }) },
    chain: undefined,
  })
  anchor('anchor-standard-silent', 'Under standard a missing anchor of a diploma does not count', 'anchor.silent', 'valid', {
    policy: 'standard',
    chain: { kind: 'silent', detail: 'timeout' },
  })
  anchor('anchor-standard-contradicted', 'Under standard a contradicting anchor does', 'anchor.different-root', 'undetermined', {
    policy: 'standard',
    files: withAnchor(size),
    chain: { ...answer(log, size), rootHash: sha256(utf8('another tree')) },
  })
}

function answer(log: TestLog, size: number): ChainAnswer & { kind: 'answer' } {
  return { kind: 'answer', chainId: contract.chainId, codeHash: contract.codeHash, rootHash: log.root(size), time: now - minute }
}

async function withKey(world: World, code: 'G09', use: 'card' | 'status', more: Parameters<World['keyPayload']>[2]) {
  const { kid } = await world.keyPayload(code, use)
  const agency = world.agencies[code]
  return { ...agency, keys: agency.keys.map(key => (key.kid === kid ? { ...key, ...more } : key)) }
}

function without(files: Files, path: string): Files {
  return Object.fromEntries(Object.entries(files).filter(([name]) => name !== path))
}

function vkeyOf(files: Files): string {
  return JSON.parse(Buffer.from(String(files['/.well-known/antin/trust-list']).split('.')[1]!, 'base64url').toString()).logs[0].vkey
}

type CborMap = Map<CborValue, CborValue>

/** A sealed card changed in some way and signed again. */
async function rebuild(
  sealed: Uint8Array,
  key: TestKey,
  changes: {
    header?: (header: CborMap) => void
    claims?: (claims: CborMap) => void
    change?: (fields: CborMap) => void
    payload?: Uint8Array
    cutSignature?: boolean
  } = {},
): Promise<Uint8Array> {
  const [protectedHeader, , before] = decodeCbor(sealed.subarray(1)) as [Uint8Array, unknown, Uint8Array]
  const header = decodeCbor(protectedHeader) as CborMap
  changes.header?.(header)
  const claims = decodeCbor(before) as CborMap
  changes.change?.(claims.get(-65537) as CborMap)
  changes.claims?.(claims)
  const payload = changes.payload ?? encodeCbor(claims)
  const signature = key.sign(encodeCbor(['Signature1', encodeCbor(header), new Uint8Array(0), payload]))
  return concatBytes(
    Uint8Array.of(0xd2),
    encodeCbor([encodeCbor(header), new Map(), payload, changes.cutSignature ? signature.slice(1) : signature]),
  )
}

/** The claims set with its last member first: no longer deterministic. */
function reversed(payload: Uint8Array): Uint8Array {
  const members = [...(decodeCbor(payload) as CborMap)].map(([key, value]) => concatBytes(encodeCbor(key), encodeCbor(value)))
  return concatBytes(payload.slice(0, 1), ...members.reverse())
}

/** The claims set with its first member twice. */
function doubled(payload: Uint8Array): Uint8Array {
  const members = [...(decodeCbor(payload) as CborMap)].map(([key, value]) => concatBytes(encodeCbor(key), encodeCbor(value)))
  return concatBytes(Uint8Array.of(payload[0]! + 1), members[0]!, ...members)
}

function highS(sealed: Uint8Array): Uint8Array {
  const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
  const at = sealed.length - 32
  const s = order - BigInt(`0x${Buffer.from(sealed.slice(at)).toString('hex')}`)
  return concatBytes(sealed.slice(0, at), Buffer.from(s.toString(16).padStart(64, '0'), 'hex'))
}

/** A JWS with one bit of its signature flipped. */
function tampered(jws: string): string {
  const [header, payload, signature] = jws.split('.') as [string, string, string]
  const bytes = decodeBase64url(signature)
  bytes[10]! ^= 1
  return `${header}.${payload}.${encodeBase64url(bytes)}`
}

async function withHeader(jws: string, key: TestKey, more: object): Promise<string> {
  const [header, payload] = jws.split('.') as [string, string]
  const changed = encodeBase64url(utf8(canonicalJson({ ...JSON.parse(Buffer.from(header, 'base64url').toString()), ...more })))
  return `${changed}.${payload}.${encodeBase64url(key.sign(utf8(`${changed}.${payload}`)))}`
}

async function withPayload(jws: string, key: TestKey, change: (payload: Record<string, unknown>) => object): Promise<string> {
  const [header, payload] = jws.split('.') as [string, string]
  const changed = encodeBase64url(utf8(canonicalJson(change(JSON.parse(Buffer.from(payload, 'base64url').toString())))))
  return `${header}.${changed}.${encodeBase64url(key.sign(utf8(`${header}.${changed}`)))}`
}

/** zlib of nine megabytes of zeros. */
function bomb(): string {
  return encodeBase64url(zlibSync(new Uint8Array(9 * 1024 * 1024), { level: 9 }))
}
