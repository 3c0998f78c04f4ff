import type { CheckCode } from '../../../core/verification/checkCode.ts'
import { tampered, withHeader } from './changedJws.ts'
import { without } from './changedState.ts'
import type { TestKey } from './testKey.ts'
import type { Add, Draft } from './vectorCase.ts'
import { day, type Files, hour, now, type World } from './world.ts'

export async function addTrust(add: Add, world: World, files: Files) {
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

  const later = { ...keys.trust1.jwk, crv: 'P-384' }
  const withLater = {
    ...agencies.G09,
    later: 'x',
    keys: [...agencies.G09.keys, { ...agencies.G09.keys[0]!, kid: 'AAAAAAAAAAA', jwk: later }],
  }
  add({
    name: 'trust-later-version',
    shows: 'A slice with a member and a kind of key that this version does not know',
    sealed,
    files: { ...files, [path]: await world.slice('G09', { agencies: [withLater as never] }) },
    expect: { verdict: 'valid', issuer: 'issuer.passed' },
  })
  add({
    name: 'trust-last-second',
    shows: 'exp of a slice and the skew of 120 s, both included',
    sealed,
    files: { ...files, [path]: await world.slice('G09', { exp: now - 120 }) },
    expect: { verdict: 'valid', issuer: 'issuer.passed' },
  })
  trust('trust-one-second-over', 'One second more', 'issuer.trust-expired', {
    files: { ...files, [path]: await world.slice('G09', { exp: now - 121 }) },
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
