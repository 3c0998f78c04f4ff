import { expect, test } from '@jest/globals'
import type { EvidencePorts } from '../../../core/verification/evidence.ts'
import { gatherEvidence } from '../../../core/verification/gatherEvidence.ts'
import { OpenedCache } from '../../../core/verification/openedCache.ts'
import { verifyCard } from '../../../core/verification/verifyCard.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { portsOf } from '../../support/antin-vectors/runCase.ts'
import { day, makeWorld, minute, now } from '../../support/antin-vectors/world.ts'

const world = await makeWorld()
const files = await world.files()
const settings = { trustRoot: world.pin, policy: 'standard', now } as const

/** Ports that write down what they are asked for. */
function recorded(ports: EvidencePorts) {
  const asked: string[] = []
  const fetchFile: EvidencePorts['fetchFile'] = (path, wish) => {
    asked.push(wish.fresh ? `${path} fresh` : path)
    return ports.fetchFile(path, wish)
  }
  return { asked, ports: { ...ports, fetchFile } }
}

test('a card under standard needs the root, one slice and one status list, asked for at once', async () => {
  const { asked, ports } = recorded(portsOf({ files, online: true, unreachable: [] }))
  const gathering = gatherEvidence({ sealed: await world.card('card') }, ports, settings, nodeCrypto)
  await Promise.resolve()
  expect(asked).toEqual(['/.well-known/antin/root', '/.well-known/antin/trust/G09', '/status-lists/1'])
  await gathering
  expect(asked.slice(3)).toEqual(['/.well-known/antin/root/1'])
})

test('evidence that is too old for the credential is asked for once more, and only then given up', async () => {
  const sealed = await world.card('new key', { signer: world.keys.stranger, iat: now - minute })
  const online = portsOf({ files, online: true, unreachable: [] })
  const kept: EvidencePorts = {
    async fetchFile(path, wish) {
      const answer = await online.fetchFile(path, wish)
      return answer.kind === 'found' ? { ...answer, online: wish.fresh } : answer
    },
  }
  const { asked, ports } = recorded(kept)
  const evidence = await gatherEvidence({ sealed }, ports, settings, nodeCrypto)
  expect(asked.filter(path => path.endsWith(' fresh'))).toEqual(['/.well-known/antin/trust/G09 fresh'])
  expect((await verifyCard({ sealed }, evidence, 'standard', now, nodeCrypto)).checks[2]).toMatchObject({
    outcome: 'failed',
    code: 'issuer.unknown-key',
  })

  const young = await world.card('young', { iat: now - minute })
  const second = recorded(online)
  await gatherEvidence({ sealed: young }, second.ports, settings, nodeCrypto)
  expect(second.asked.filter(path => path.endsWith(' fresh'))).toEqual(['/status-lists/1 fresh'])
})

test('the same files are opened once, whatever the number of credentials; other bytes are opened anew', async () => {
  let verified = 0
  const crypto = {
    ...nodeCrypto,
    verifyEs256: (...args: Parameters<typeof nodeCrypto.verifyEs256>) => ++verified > 0 && nodeCrypto.verifyEs256(...args),
  }
  const cache = new OpenedCache()
  const gather = async (name: string, changed = files) =>
    gatherEvidence(
      { sealed: await world.card(name) },
      portsOf({ files: changed, online: true, unreachable: [] }),
      { ...settings, cache },
      crypto,
    )
  const first = await gather('one')
  const once = verified
  const second = await gather('two')
  expect(verified).toBe(once)
  expect(second.trust.value).toBe(first.trust.value)
  expect(second.statusList.value).toBe(first.statusList.value)
  const third = await gather('three', { ...files, '/status-lists/1': await world.statusList('G09', { iat: now - minute }) })
  expect(verified).toBe(once + 1)
  expect(third.statusList.value).not.toBe(first.statusList.value)
})

test('a verifier that kept everything judges by its own clock, later', async () => {
  const sealed = await world.card('card')
  const evidence = await gatherEvidence({ sealed }, portsOf({ files, online: false, unreachable: [] }), settings, nodeCrypto)
  const codes = async (at: number) =>
    (await verifyCard({ sealed }, evidence, 'standard', at, nodeCrypto)).checks
      .filter(check => check.outcome !== 'passed')
      .map(check => check.code)
  expect(await codes(now + day - 10 * minute)).not.toContain('status.expired')
  expect(await codes(now + day)).toContain('status.expired')
  expect(await codes(now + 8 * day)).toContain('issuer.trust-expired')
})

test('bytes that are no credential are not worth a single fetch', async () => {
  const { asked, ports } = recorded(portsOf({ files, online: true, unreachable: [] }))
  await gatherEvidence({ sealed: new Uint8Array(100) }, ports, settings, nodeCrypto)
  expect(asked).toEqual([])
})
