/** The last `limit` results by key, the one unused longest let go first. */
export class Kept<T> {
  readonly #limit: number
  readonly #results = new Map<string, T>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get(key: string, make: () => T): T {
    const known = this.#results.get(key)
    const result = known === undefined ? make() : known
    this.#results.delete(key)
    this.#results.set(key, result)
    if (this.#results.size > this.#limit) this.#results.delete(this.#results.keys().next().value as string)
    return result
  }
}
