import { zlibSync } from 'fflate'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import type { CheckCode } from '../../../core/verification/checkCode.ts'
import type { Verdict } from '../../../core/verification/report.ts'
import { tampered, withPayload } from './changedJws.ts'
import { withAgencies, withKey } from './changedState.ts'
import type { Add, Draft } from './vectorCase.ts'
import { day, type Files, host, hour, minute, now, type World } from './world.ts'

export async function addStatuses(add: Add, world: World, files: Files) {
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

/** zlib of nine megabytes of zeros. */
function bomb(): string {
  return encodeBase64url(zlibSync(new Uint8Array(9 * 1024 * 1024), { level: 9 }))
}
