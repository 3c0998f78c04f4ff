import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { encodeCbor } from '../../../core/encoding/strictCbor.ts'
import { gatherEvidence } from '../../../core/verification/gatherEvidence.ts'
import { checkNames } from '../../../core/verification/report.ts'
import { verifyCard } from '../../../core/verification/verifyCard.ts'
import { verifyCredential } from '../../../core/verification/verifyCredential.ts'
import { verifyDiploma } from '../../../core/verification/verifyDiploma.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { portsOf, runCase, type VerificationCase } from '../../support/antin-vectors/runCase.ts'
import { readVectors } from '../../support/antin-vectors/vectorFile.ts'
import type { Files } from '../../support/antin-vectors/world.ts'

const cases = readVectors()
const valid = cases.filter(one => one.report.verdict === 'valid')
const named = (name: string) => cases.find(one => one.name === name)!

test('any bytes: a report of nine checks within 50 ms, never an exception, never valid', async () => {
  const { trustRoot, now, input } = named('card-strict')
  const ports = portsOf(named('card-strict'))
  const evidence = await gatherEvidence(input, ports, { trustRoot, policy: 'strict', now }, nodeCrypto)
  const nested = fc.nat(12).map(depth => new Uint8Array([0xd2, ...Array(depth).fill(0x84), 0x40]))
  const cut = fc.nat(input.sealed.length - 1).map(length => input.sealed.slice(0, length))
  const grown = fc.uint8Array({ minLength: 1, maxLength: 40 }).map(more => new Uint8Array([...input.sealed, ...more]))
  const spliced = fc.tuple(fc.nat(input.sealed.length), fc.uint8Array({ minLength: 1, maxLength: 9 })).map(([at, more]) => {
    return new Uint8Array([...input.sealed.slice(0, at), ...more, ...input.sealed.slice(at)])
  })
  const lengths = fc
    .constantFrom(0x5b, 0x7b, 0x9b, 0xbb)
    .map(head => new Uint8Array([0xd2, 0x84, head, 0x7f, 255, 255, 255, 255, 255, 255, 255]))
  const huge = fc.constantFrom(100, 4096, 4097, 1_000_000).map(size => new Uint8Array(size).fill(0x84))
  const any = fc.oneof(fc.uint8Array({ maxLength: 5000 }), nested, cut, grown, spliced, lengths, huge)
  await fc.assert(
    fc.asyncProperty(any, fc.constantFrom(verifyCard, verifyDiploma, verifyCredential), async (sealed, verify) => {
      const started = performance.now()
      const report = await verify({ sealed }, evidence, 'strict', now, nodeCrypto)
      expect(performance.now() - started).toBeLessThan(50)
      expect(report.checks.map(check => check.name)).toEqual([...checkNames])
      expect(report.verdict).not.toBe('valid')
      expect((await gatherEvidence({ sealed }, ports, { trustRoot, policy: 'strict', now }, nodeCrypto)).trust).toBeDefined()
    }),
    { numRuns: 1000 },
  )
})

test('flip any one bit of a credential that is valid: never valid', async () => {
  for (const name of ['card-strict', 'diploma-document']) {
    const { input, trustRoot, now, policy, kind, ...world } = named(name)
    const evidence = await gatherEvidence(input, portsOf(world), { trustRoot, policy, now }, nodeCrypto)
    const verify = kind === 'card' ? verifyCard : verifyDiploma
    expect((await verify(input, evidence, policy, now, nodeCrypto)).verdict).toBe('valid')
    for (let bit = 0; bit < input.sealed.length * 8; bit++) {
      const sealed = input.sealed.slice()
      sealed[bit >> 3]! ^= 1 << (bit & 7)
      const { verdict } = await verify({ ...input, sealed }, evidence, policy, now, nodeCrypto)
      if (verdict === 'valid') throw new Error(`${name}: bit ${bit}`)
    }
  }
})

/** What a proxy between a good credential and its verifier may do to the files. */
const mischief = fc.record({
  what: fc.constantFrom('drop', 'silence', 'cut', 'flip', 'swap', 'garbage') as fc.Arbitrary<Mischief>,
  target: fc.nat(),
  other: fc.nat(),
  at: fc.nat(),
})
interface Act {
  what: Mischief
  target: number
  other: number
  at: number
}
type Mischief = 'drop' | 'silence' | 'cut' | 'flip' | 'swap' | 'garbage'

function spoil(one: VerificationCase, acts: readonly Act[]): Pick<VerificationCase, 'files' | 'unreachable'> {
  const files: Files = { ...one.files }
  const unreachable = [...one.unreachable]
  for (const { what, target, other, at } of acts) {
    const paths = Object.keys(files)
    const path = paths[target % paths.length]
    if (path === undefined) break
    const bytes = Buffer.from(files[path]!)
    if (what === 'drop') delete files[path]
    else if (what === 'silence') unreachable.push(path)
    else if (what === 'cut') files[path] = bytes.subarray(0, at % (bytes.length + 1))
    else if (what === 'swap') files[path] = files[paths[other % paths.length]!]!
    else if (what === 'garbage') files[path] = new Uint8Array(at % 300).fill(other)
    else if (bytes.length > 0) {
      bytes[at % bytes.length]! ^= 1 << (other & 7)
      files[path] = bytes
    }
  }
  return { files, unreachable }
}

test('an outage is never a verdict: whatever a proxy does to the evidence, a good credential is never invalid', async () => {
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...valid), fc.array(mischief, { minLength: 1, maxLength: 4 }), async (one, acts) => {
      const { verdict } = await runCase({ ...one, ...spoil(one, acts) }, nodeCrypto)
      seen.add(verdict)
      expect(verdict).not.toBe('invalid')
    }),
    { numRuns: 1000 },
  )
  expect(seen).toEqual(new Set(['valid', 'undetermined']))
})

test('and a bad one is never valid', async () => {
  const bad = cases.filter(one => one.report.verdict === 'invalid')
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...bad), fc.array(mischief, { minLength: 1, maxLength: 4 }), async (one, acts) => {
      expect((await runCase({ ...one, ...spoil(one, acts) }, nodeCrypto)).verdict).not.toBe('valid')
    }),
    { numRuns: 1000 },
  )
})

test('an outage is never a verdict: with any single file gone the answer is what it was, or undetermined', async () => {
  for (const one of valid) {
    for (const path of Object.keys(one.files)) {
      for (const change of [
        { unreachable: [path] },
        { files: Object.fromEntries(Object.entries(one.files).filter(([name]) => name !== path)) },
      ]) {
        const { verdict } = await runCase({ ...one, ...change }, nodeCrypto)
        expect(['valid', 'undetermined']).toContain(verdict)
      }
    }
  }
})

test('ports that reject, answer too much or answer nonsense give unavailable evidence', async () => {
  const { input, trustRoot, now } = named('card-strict')
  const good = portsOf(named('card-strict'))
  const settings = { trustRoot, policy: 'strict', now } as const
  const ports = [
    { fetchFile: () => Promise.reject(new Error('no network')) },
    { fetchFile: async () => ({ kind: 'found', bytes: new Uint8Array(10_000_000), online: true }) as const },
    {
      ...good,
      chain: { readAnchor: () => Promise.reject(new Error('node down')) },
      marks: { accept: () => Promise.reject(new Error('disk full')) },
    },
  ]
  for (const port of ports) {
    const evidence = await gatherEvidence(input, port, settings, nodeCrypto)
    expect((await verifyCard(input, evidence, 'strict', now, nodeCrypto)).verdict).toBe('undetermined')
  }
})

test('claims that are numbers beyond any calendar are judged, not thrown', async () => {
  const { trustRoot, now, ...world } = named('card-valid')
  for (const time of [0, 253_402_300_799, Number.MAX_SAFE_INTEGER]) {
    const payload = encodeCbor(
      new Map<number, never>([
        [1, 'G09'],
        [4, time],
        [6, time],
        [7, new Uint8Array(16)],
      ] as never),
    )
    const sealed = new Uint8Array([
      0xd2,
      ...encodeCbor([
        encodeCbor(
          new Map<number, never>([
            [1, -7],
            [4, new Uint8Array(8)],
          ] as never),
        ),
        new Map(),
        payload,
        new Uint8Array(64),
      ]),
    ])
    expect((await runCase({ ...world, trustRoot, now, input: { sealed } }, nodeCrypto)).verdict).not.toBe('valid')
  }
})
