import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import type { CheckCode } from '../../../core/verification/checkCode.ts'
import type { Verdict } from '../../../core/verification/report.ts'
import { withAgencies, withKey, without } from './changedState.ts'
import type { Add, Draft } from './vectorCase.ts'
import { day, type Files, minute, now, type World } from './world.ts'

export async function addIssuers(add: Add, world: World, files: Files) {
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

  const issuedAt = now - 30 * day
  for (const [name, shows, window] of [
    ['issuer-key-first-second', 'Issued in the first second of its key', { notBefore: issuedAt }],
    ['issuer-key-last-second', 'Issued in the last second of its key', { notAfter: issuedAt }],
    ['issuer-key-retired-second', 'Issued in the second in which its key was retired', { retiredAt: issuedAt }],
  ] as const) {
    const files1 = await withAgencies(world, files, { ...agencies, G09: await withKey(world, 'G09', 'card', window) })
    add1(name, shows, card, 'issuer.passed', 'valid', { files: files1 })
  }
  const over = await withAgencies(world, files, { ...agencies, G09: await withKey(world, 'G09', 'card', { notAfter: issuedAt - 1 }) })
  add1('issuer-key-one-second-over', 'Issued one second after its key', card, 'issuer.key-window', 'invalid', { files: over })
  const slicePath = '/.well-known/antin/trust/G09'
  const listed = (seq: number) => world.index(without(files, slicePath), { seq })
  const diploma = await world.diploma('diploma')
  const registered = await world.logged(diploma)
  const receipt = { [world.proofPath(diploma)]: JSON.stringify(registered.log.receipt(registered.leaf)) }
  add1(
    'issuer-unlisted',
    'An index that no longer has the agency, whose slice is still served',
    diploma,
    'issuer.unknown-agency',
    'invalid',
    {
      kind: 'diploma',
      files: { ...files, ...receipt, '/.well-known/antin/trust-list': await listed(41) },
    },
  )
  add1('issuer-listed-later', 'A slice of a publication after that of the index', diploma, 'issuer.passed', 'undetermined', {
    kind: 'diploma',
    files: { ...files, '/.well-known/antin/trust-list': await listed(40), [slicePath]: await world.slice('G09', { seq: 41 }) },
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
