import type { MarkStore } from './evidence.ts'

/** Marks kept in memory, or in `entries` when the caller loads and keeps them. */
export function createMarkStore(entries: Map<string, readonly number[]> = new Map()): MarkStore {
  return {
    accept(key, mark) {
      const known = entries.get(key)
      if (known && isBelow(mark, known)) return false
      entries.set(key, mark)
      return true
    },
  }
}

/** Whether `a` is less than `b`, compared number by number. */
function isBelow(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < b.length; i++) {
    const left = a[i] ?? 0
    if (left !== b[i]) return left < b[i]!
  }
  return false
}
