import { expect, test } from '@jest/globals'
import { type CountsStore, keptCounts } from '../../../server/overview/keptCounts.ts'
import { keptCountsTable } from '../../../server/overview/keptCountsTable.ts'
import { useDatabase } from '../../support/database.ts'

const db = useDatabase()
const noStore: CountsStore<number> = { read: async () => null, write: async () => undefined }

function counter(cost: number, store = noStore) {
  let now = 0
  let counted = 0
  const read = keptCounts(
    async () => {
      now += cost
      return ++counted
    },
    store,
    () => now,
  )
  return {
    read: async (key: string) => (await read(key)).value,
    age: async (key: string) => (await read(key)).age,
    pass: (ms: number) => (now += ms),
  }
}

const settle = () => new Promise(resolve => setTimeout(resolve, 5))

test('quick counts are counted each time', async () => {
  const { read } = counter(5)
  expect([await read('G09'), await read('G09')]).toEqual([1, 2])
})

test('slow counts are kept, say how old they are, and are counted anew in the background when they are old', async () => {
  const { read, age, pass } = counter(1000)
  expect([await read('G09'), await read('G09')]).toEqual([1, 1])
  pass(21_000)
  expect(await age('G09')).toBe(21_000)
  await settle()
  expect(await read('G09')).toBe(2)
})

test('what takes a moment is kept for some, and is never old when somebody looks', async () => {
  const { read, age, pass } = counter(100)
  expect([await read('G09'), await read('G09')]).toEqual([1, 1])
  pass(2001)
  expect(await age('G09')).toBe(0)
  expect(await read('G09')).toBe(2)
})

test('nobody waits long for what took a moment and now hangs', async () => {
  let now = 0
  let counted = 0
  const read = keptCounts(
    async () => {
      now += 100
      return ++counted === 1 ? 1 : new Promise<number>(() => undefined)
    },
    noStore,
    () => now,
  )
  await read('G09')
  now += 3000
  expect(await read('G09')).toEqual({ value: 1, age: 3000, cost: 100 })
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
    noStore,
    () => now,
  )
  expect((await read('G09')).value).toBe(1)
  fail = true
  now += 60_000
  expect((await read('G09')).value).toBe(1)
  await expect(read('G10')).rejects.toThrow('no database')
})

test('another process answers at once from what one has counted, and counts for itself behind', async () => {
  const store = keptCountsTable<number>(db.pool)
  expect(await counter(1000, store).read('G09')).toBe(1)
  await db.pool.query("update overview_counts set counts = '7', counted_at = now() - interval '1 hour'")
  const other = counter(1000, store)
  expect(await other.read('G09')).toBe(7)
  for (let tries = 0; tries < 500 && (await other.read('G09')) === 7; tries++) await new Promise(resolve => setTimeout(resolve, 20))
  expect(await other.read('G09')).toBe(1)
  expect((await store.read('G09'))?.value).toBe(1)
})
