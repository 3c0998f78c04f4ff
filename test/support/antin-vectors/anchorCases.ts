import { utf8 } from '../../../core/encoding/bytes.ts'
import type { CheckCode } from '../../../core/verification/checkCode.ts'
import type { Verdict } from '../../../core/verification/report.ts'
import { chainAnswer } from './chainAnswer.ts'
import type { Add, Draft } from './vectorCase.ts'
import { type Files, hour, now, sha256, type World } from './world.ts'

export async function addAnchors(add: Add, world: World, files: Files) {
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
      chain: chainAnswer(log, 12),
      ...more,
      expect: { verdict, anchor: code },
    })
  anchor('anchor-later-size', 'Anchored at a later size', 'anchor.passed', 'valid', {})
  anchor('anchor-same-size', 'Anchored at the size of the receipt', 'anchor.passed', 'valid', {
    files: withAnchor(size),
    chain: chainAnswer(log, size),
  })
  anchor('anchor-earlier-size', 'Anchored at an earlier size that the tree extends', 'anchor.passed', 'valid', {
    files: withAnchor(7),
    chain: chainAnswer(log, 7),
  })
  anchor('anchor-no-node', 'Without a chain node', 'anchor.no-node', 'undetermined', { chain: undefined })
  anchor('anchor-silent', 'A node that does not answer', 'anchor.silent', 'undetermined', { chain: { kind: 'silent', detail: 'timeout' } })
  anchor('anchor-wrong-chain', 'A node of another chain', 'anchor.wrong-chain', 'undetermined', {
    chain: { ...chainAnswer(log, 12), chainId: 1 },
  })
  anchor('anchor-no-code', 'No contract at the address', 'anchor.no-code', 'undetermined', {
    chain: { ...chainAnswer(log, 12), codeHash: null },
  })
  anchor('anchor-wrong-code', 'Another contract at the address', 'anchor.wrong-code', 'undetermined', {
    chain: { ...chainAnswer(log, 12), codeHash: `0x${'00'.repeat(32)}` },
  })
  anchor('anchor-unknown-size', 'A zero root at the size', 'anchor.unknown-size', 'undetermined', {
    chain: { ...chainAnswer(log, 12), rootHash: null },
  })
  anchor('anchor-unknown-contract', 'A contract that the index does not name', 'anchor.unknown-contract', 'undetermined', {
    files: withAnchor(12, { contract: `0x${'11'.repeat(20)}` }),
  })
  anchor('anchor-bad-path', 'A consistency path that proves nothing', 'anchor.proof', 'undetermined', {
    files: withAnchor(12, { consistencyPath: log.consistencyPath(7, 12) }),
  })
  anchor('anchor-different-root', 'Another finalised root at the same size', 'anchor.different-root', 'undetermined', {
    files: withAnchor(size),
    chain: { ...chainAnswer(log, size), rootHash: sha256(utf8('another tree')) },
  })
  anchor(
    'anchor-different-root-earlier',
    'Another finalised root at an earlier size, a power of two',
    'anchor.different-root',
    'undetermined',
    {
      files: withAnchor(8),
      chain: { ...chainAnswer(log, 8), rootHash: sha256(utf8('another tree')) },
    },
  )
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
    chain: { ...chainAnswer(log, size), rootHash: sha256(utf8('another tree')) },
  })
}
