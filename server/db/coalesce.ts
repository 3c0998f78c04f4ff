/**
 * Shares loads between callers who ask for the same name at the same time. A caller only gets the answer of a load that began after the
 * call, so that what was committed before the call is in it; at most one load a name runs and one waits.
 */
export function coalesce<K, T>(load: (name: K) => Promise<T>): (name: K) => Promise<T> {
  const running = new Map<K, Promise<T>>()
  const waiting = new Map<K, Promise<T>>()

  const start = (name: K): Promise<T> => {
    const begun = load(name).finally(() => {
      if (running.get(name) === begun) running.delete(name)
    })
    running.set(name, begun)
    return begun
  }

  return name => {
    const current = running.get(name)
    if (!current) return start(name)
    const known = waiting.get(name)
    if (known) return known
    const next = current
      .catch(() => {})
      .then(() => {
        waiting.delete(name)
        return start(name)
      })
    waiting.set(name, next)
    return next
  }
}
