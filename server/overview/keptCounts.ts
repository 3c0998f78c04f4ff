import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds of counting from which counts are kept; below, they are counted each time. */
const slow = 50
/** Counts are kept this many times as long as counting took. */
const keptFor = 20
const maxKept = 500
/** Milliseconds of counting that a person rather waits for than reads numbers that are past their time. */
const worthWaiting = 1000

/** Counts with how long ago they were counted and how long that took, in milliseconds. */
export interface Counted<T> {
  value: T
  age: number
  cost: number
}

/** Where slow counts outlive a process. */
export interface CountsStore<T> {
  read(key: string): Promise<Counted<T> | null>
  write(key: string, value: T, cost: number): Promise<void>
}

/**
 * Counts that may be slow (a whole nation's cards) but are asked for often: what took `slow` or longer is answered from memory, or from the
 * store where another process counted; past its time it is counted anew, in the background when that takes longer than anybody
 * should wait. What is quick is always counted. `ticks` are
 * milliseconds of a monotonic clock.
 */
export function keptCounts<T>(
  count: (key: string) => Promise<T>,
  store: CountsStore<T>,
  ticks: () => number = () => performance.now(),
): (key: string) => Promise<Counted<T>> {
  const kept = new Map<string, { value: T; at: number; cost: number }>()
  const counting = new Map<string, Promise<T>>()

  const keep = (key: string, value: T, at: number, cost: number) => {
    if (kept.size >= maxKept) kept.delete(kept.keys().next().value!)
    kept.set(key, { value, at, cost })
  }
  const countNow = (key: string): Promise<T> => {
    let running = counting.get(key)
    if (!running) {
      const start = ticks()
      running = count(key)
        .then(async value => {
          const cost = ticks() - start
          keep(key, value, ticks(), cost)
          // Without it the next process counts by itself.
          if (cost >= slow) await store.write(key, value, cost).catch(() => undefined)
          return value
        })
        .finally(() => counting.delete(key))
      counting.set(key, running)
    }
    return running
  }

  return async key => {
    if (!kept.has(key)) {
      const stored = await store.read(key)
      if (stored) keep(key, stored.value, ticks() - stored.age, stored.cost)
    }
    const known = kept.get(key)
    if (!known || known.cost < slow) return { value: await countNow(key), age: 0, cost: 0 }
    const age = ticks() - known.at
    const old = { value: known.value, age, cost: known.cost }
    if (age <= known.cost * keptFor) return old
    const anew = countNow(key).then(
      value => ({ value, age: 0, cost: known.cost }),
      () => old,
    )
    return known.cost < worthWaiting ? Promise.race([anew, sleep(worthWaiting, old, { ref: false })]) : old
  }
}
