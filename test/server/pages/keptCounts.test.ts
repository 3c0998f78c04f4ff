import { expect, test } from '@jest/globals'
import { keptCounts } from '../../../server/overview/keptCounts.ts'

function counter(cost: number) {
  let now = 0
  let counted = 0
  const read = keptCounts(
    async () => {
      now += cost
      return ++counted
    },
    () => now,
  )
  return { read, pass: (ms: number) => (now += ms) }
}

test('quick counts are counted each time', async () => {
  const { read } = counter(5)
  expect([await read('G09'), await read('G09')]).toEqual([1, 2])
})

test('slow counts are kept, and counted anew in the background when they are old', async () => {
  const { read, pass } = counter(1000)
  expect([await read('G09'), await read('G09')]).toEqual([1, 1])
  pass(21_000)
  expect(await read('G09')).toBe(1)
  await Promise.resolve()
  expect(await read('G09')).toBe(2)
})

test('a failed count is an error the first time and leaves the old counts after', async () => {
  let fail = false
  let now = 0
  const read = keptCounts(
    async () => {
      now += 1000
      if (fail) throw new Error('no database')
      return 1
    },
    () => now,
  )
  expect(await read('G09')).toBe(1)
  fail = true
  now += 60_000
  expect(await read('G09')).toBe(1)
  await expect(read('G10')).rejects.toThrow('no database')
})
