/** Does a piece of work `count` times, all of it on this thread. */
export type Work = (count: number) => void | Promise<void>

const warmUpMs = 300
const sliceMs = 60
const rounds = 21

/**
 * The median rate of each work, per second of this thread's processor time: what else runs on the machine does not count. The
 * works take turns in short slices, so that what disturbs the machine disturbs them all alike; ratios are worth more than rates.
 */
export async function interleavedRates<Name extends string>(works: Record<Name, Work>): Promise<Record<Name, number>> {
  const names = Object.keys(works) as Name[]
  const counts = new Map<Name, number>()
  const rates = new Map<Name, number[]>(names.map(name => [name, []]))
  for (const name of names) {
    let count = 1
    const end = performance.now() + warmUpMs
    let took = await time(works[name], count)
    while (performance.now() < end || took < sliceMs / 4) {
      if (took < sliceMs / 2) count *= 2
      took = await time(works[name], count)
    }
    counts.set(name, Math.max(1, Math.round((count * sliceMs) / took)))
  }
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const count = counts.get(name)!
      rates.get(name)!.push((count * 1000) / (await time(works[name], count)))
    }
  }
  return Object.fromEntries(names.map(name => [name, median(rates.get(name)!)])) as Record<Name, number>
}

async function time(work: Work, count: number): Promise<number> {
  const start = process.threadCpuUsage()
  await work(count)
  const { user, system } = process.threadCpuUsage(start)
  return (user + system) / 1000
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}
