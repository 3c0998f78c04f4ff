/** Milliseconds of counting from which counts are kept; below, they are counted each time. */
const slow = 50
/** Counts are kept this many times as long as counting took. */
const keptFor = 20
const maxKept = 500

/**
 * Counts that may be slow (a whole nation's cards) but are asked for often: what took `slow` or longer is answered from memory while it
 * is counted anew in the background; what is quick is always counted. `ticks` are milliseconds of a monotonic clock.
 */
export function keptCounts<T>(
  count: (key: string) => Promise<T>,
  ticks: () => number = () => performance.now(),
): (key: string) => Promise<T> {
  const kept = new Map<string, { value: T; at: number; cost: number }>()
  const counting = new Map<string, Promise<T>>()

  const countNow = (key: string): Promise<T> => {
    let running = counting.get(key)
    if (!running) {
      const start = ticks()
      running = count(key)
        .then(value => {
          if (kept.size >= maxKept) kept.delete(kept.keys().next().value!)
          kept.set(key, { value, at: ticks(), cost: ticks() - start })
          return value
        })
        .finally(() => counting.delete(key))
      counting.set(key, running)
    }
    return running
  }

  return async key => {
    const known = kept.get(key)
    if (!known || known.cost < slow) return countNow(key)
    if (ticks() - known.at > known.cost * keptFor) countNow(key).catch(() => undefined)
    return known.value
  }
}
