import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { withAgencies } from './changedState.ts'
import type { Add, Draft } from './vectorCase.ts'
import { day, type Files, host, now, type World } from './world.ts'

const indexFile = '/.well-known/antin/trust-list'

export async function addLogs(add: Add, world: World, files: Files) {
  const sealed = await world.diploma('diploma')
  const { log, leaf } = await world.logged(sealed)
  const path = world.proofPath(sealed)
  const withReceipt = (receipt: unknown) => ({ ...files, [path]: JSON.stringify(receipt) })
  const good = withReceipt(log.receipt(leaf))
  const diploma = (name: string, shows: string, more: Partial<Draft> & Pick<Draft, 'expect'>) =>
    add({ name, shows, sealed, kind: 'diploma', files: good, ...more })
  diploma('log-unreachable', 'No receipt can be had', { unreachable: ['/log/'], expect: { verdict: 'undetermined', log: 'log.missing' } })
  diploma('log-no-index', 'No index, so no log keys', {
    unreachable: [indexFile],
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
  diploma('log-receipt-of-later-version', 'A receipt with a member that this version does not know', {
    files: withReceipt({ ...log.receipt(leaf), summary: 'x' }),
    expect: { verdict: 'valid', log: 'log.passed' },
  })
  const newest = JSON.parse(Buffer.from(String(files[indexFile]).split('.')[1]!, 'base64url').toString())
  const laterKind = `later.example+00000000+${Buffer.from([6, ...new Uint8Array(64)]).toString('base64')}`
  diploma('log-witness-of-later-kind', 'A witness and a log in the index whose kind of key this version does not know', {
    files: {
      ...good,
      [indexFile]: await world.index(files, {
        witnesses: [laterKind, ...newest.witnesses],
        logs: [{ origin: 'later.example', vkey: laterKind, url: `${host}/later`, from: 0 }, ...newest.logs],
      }),
    },
    expect: { verdict: 'valid', log: 'log.passed' },
  })
  diploma('log-quorum', 'One witness where two are needed', {
    files: withReceipt(log.receipt(leaf, { checkpoint: log.checkpoint(log.size, { cosigners: 1 }) })),
    expect: { verdict: 'undetermined', log: 'log.quorum' },
  })
  const closed = await world.index(files, {
    logs: [{ origin: log.origin, vkey: vkeyOf(files), url: `${host}/log`, from: 0, until: now - 60 * day }],
  })
  diploma('log-window', 'An entry after the index closed the log', {
    files: { ...good, [indexFile]: closed },
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
  const edge = world.newLog()
  for (let i = 0; i < 200; i++) edge.append(world.filler(now - 30 * day + (i < 199 ? 0 : 120), i))
  diploma('log-not-yet-skew', 'The last entry is no later than iat and the skew', {
    files: { ...files, ...edge.files() },
    expect: { verdict: 'undetermined', log: 'log.not-yet' },
  })
  const tiles = world.newLog()
  for (let i = 0; i < 256; i++) tiles.append(world.filler(now - 30 * day + 121, i))
  diploma('log-absent-full-tiles', 'One second more; the log has dropped its partial tiles since, as it may', {
    files: { ...files, ...tiles.files(), '/log/checkpoint': tiles.checkpoint(200) },
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
  diploma('log-inconsistent-power-of-two', 'The same where the size of the receipt is a power of two: the path does not carry its root', {
    policy: 'strict',
    files: { ...files, ...longFork.files(), [path]: JSON.stringify(log.receipt(leaf, { size: 8 })) },
    expect: { verdict: 'undetermined', log: 'log.inconsistent' },
  })
  const uneven = { ...files, ...longFork.files(), [path]: JSON.stringify(log.receipt(leaf, { size: 11 })) }
  diploma('log-inconsistent-growth', 'A newer checkpoint that does not extend the one of the receipt', {
    policy: 'strict',
    files: uneven,
    expect: { verdict: 'undetermined', log: 'log.inconsistent' },
  })
}

function vkeyOf(files: Files): string {
  return JSON.parse(Buffer.from(String(files['/.well-known/antin/trust-list']).split('.')[1]!, 'base64url').toString()).logs[0].vkey
}
