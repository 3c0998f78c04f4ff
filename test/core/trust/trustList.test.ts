import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { openRoots } from '../../../core/trust/rootDocument.ts'
import type { Agency, TrustSlice } from '../../../core/trust/trustList.ts'
import { findKey, inSubtree, maySign, windowFault } from '../../../core/trust/trustList.ts'
import { openTrustSlice } from '../../../core/trust/trustSlice.ts'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { makeWorld, now } from '../../support/antin-vectors/world.ts'

type Edge = { code: string; from: number; to?: number }

function sliceOf(parents: Record<string, Edge[]>, successors: Record<string, { code: string; from: number }> = {}): TrustSlice {
  const agencies = new Map<string, Agency>()
  for (const code of Object.keys(parents)) {
    const successor = successors[code]
    agencies.set(code, {
      code,
      name: { vi: code, en: code },
      url: '',
      parents: parents[code]!,
      validFrom: 0,
      keys: [],
      ...(successor ? { successor } : {}),
    })
  }
  return { epoch: 1, seq: 1, iat: 0, exp: 0, rootExp: 0, digest: '', agencies, keys: new Map() }
}

const slice = sliceOf(
  { A: [], B: [{ code: 'A', from: 10, to: 20 }], C: [{ code: 'B', from: 0 }], D: [], E: [], F: [{ code: 'A', from: 0 }] },
  { C: { code: 'D', from: 15 }, D: { code: 'E', from: 18 } },
)

test('ancestors sign for those below, as the parents stood then, both ends included', () => {
  for (const [at, may] of [
    [9, false],
    [10, true],
    [20, true],
    [21, false],
  ] as const) {
    expect(maySign(slice, 'A', 'C', at)).toBe(may)
    expect(inSubtree(slice, 'C', 'A', at)).toBe(may)
  }
  expect(maySign(slice, 'B', 'C', 0)).toBe(true)
  expect(maySign(slice, 'C', 'B', 15)).toBe(false)
  expect(maySign(slice, 'F', 'C', 15)).toBe(false)
})

test('successors sign from their day on, each after the other, and never for what their ancestors had', () => {
  expect(maySign(slice, 'D', 'C', 14)).toBe(false)
  expect(maySign(slice, 'D', 'C', 15)).toBe(true)
  expect(maySign(slice, 'E', 'C', 17)).toBe(false)
  expect(maySign(slice, 'E', 'C', 18)).toBe(true)
  expect(maySign(slice, 'C', 'D', 18)).toBe(false)
  const mixed = sliceOf({ A: [], B: [], C: [{ code: 'A', from: 0 }] }, { A: { code: 'B', from: 0 }, C: { code: 'B', from: 0 } })
  expect(maySign(mixed, 'B', 'C', 1)).toBe(true)
  const onlyMixed = sliceOf({ A: [], B: [], C: [{ code: 'A', from: 0 }] }, { A: { code: 'B', from: 0 } })
  expect(maySign(onlyMixed, 'B', 'C', 1)).toBe(false)
})

test('an agency that the slice does not hold signs nothing, not even for itself', () => {
  expect(maySign(slice, 'Z', 'Z', 15)).toBe(false)
  expect(inSubtree(slice, 'Z', 'Z', 15)).toBe(false)
})

test('cycles end, and reach what they contain', () => {
  const codes = ['A', 'B', 'C', 'D', 'E']
  const edges = fc.record(Object.fromEntries(codes.map(code => [code, fc.subarray(codes)])))
  fc.assert(
    fc.property(edges, fc.constantFrom(...codes), fc.constantFrom(...codes), (parents, from, to) => {
      const graph = sliceOf(Object.fromEntries(codes.map(code => [code, parents[code]!.map(parent => ({ code: parent, from: 0 }))])))
      const reached = new Set<string>()
      const visit = (code: string): void => {
        for (const next of parents[code]!) {
          if (reached.has(next)) continue
          reached.add(next)
          visit(next)
        }
      }
      visit(from)
      expect(inSubtree(graph, from, to, 1)).toBe(from === to || reached.has(to))
    }),
  )
})

test('keys are found by their eight bytes; the windows of key and agency hold at both ends', async () => {
  const world = await makeWorld()
  const files = await world.rootFiles()
  const documents = [1, 2].map(epoch => String(files[`/.well-known/antin/root/${epoch}`]))
  const root = await openRoots(documents, world.pin, nodeCrypto)
  const opened = await openTrustSlice(await world.slice('G10.02'), root, nodeCrypto)
  const { kid } = await world.keyOf('G10.02', 'card')
  const key = findKey(opened, kid)!
  expect(key.agency.code).toBe('G10.02')
  expect(findKey(opened, (await world.keyOf('G09', 'card')).kid)).toBeUndefined()
  expect(findKey(opened, kid.slice(0, 7))).toBeUndefined()
  expect(windowFault(key, key.notBefore - 1)).toBe('key-window')
  expect(windowFault(key, key.notBefore)).toBeUndefined()
  expect(windowFault(key, key.agency.validTo!)).toBeUndefined()
  expect(windowFault(key, key.agency.validTo! + 1)).toBe('agency-window')
  expect(windowFault({ ...key, retiredAt: key.notBefore + 5 }, key.notBefore + 6)).toBe('key-retired')
  expect(windowFault(key, now)).toBe('agency-window')
})
