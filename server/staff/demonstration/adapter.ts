type Payload = Record<string, unknown> & { grantId?: string; userCode?: string; uid?: string; consumed?: number }

interface Stored {
  payload: Payload
  until: number
}

/** Where the demonstration provider keeps sessions, codes and grants: in memory, so that a restart only asks people to sign in again. */
export function memoryAdapter(): new (model: string) => object {
  const stored = new Map<string, Stored>()
  const alive = (entry: Stored | undefined) => (entry && entry.until > Date.now() ? entry.payload : undefined)
  const sweep = () => {
    if (stored.size < 5000) return
    for (const [key, entry] of stored) if (entry.until <= Date.now()) stored.delete(key)
  }

  return class {
    readonly #model: string

    constructor(model: string) {
      this.#model = model
    }

    #key(id: string): string {
      return `${this.#model}:${id}`
    }

    #findWhere(matches: (payload: Payload) => boolean): Payload | undefined {
      for (const [key, entry] of stored) if (key.startsWith(`${this.#model}:`) && matches(entry.payload)) return alive(entry)
      return undefined
    }

    async upsert(id: string, payload: Payload, expiresIn?: number): Promise<void> {
      sweep()
      stored.set(this.#key(id), { payload, until: expiresIn === undefined ? Number.POSITIVE_INFINITY : Date.now() + expiresIn * 1000 })
    }

    async find(id: string): Promise<Payload | undefined> {
      return alive(stored.get(this.#key(id)))
    }

    async findByUid(uid: string): Promise<Payload | undefined> {
      return this.#findWhere(payload => payload.uid === uid)
    }

    async findByUserCode(userCode: string): Promise<Payload | undefined> {
      return this.#findWhere(payload => payload.userCode === userCode)
    }

    async consume(id: string): Promise<void> {
      const payload = alive(stored.get(this.#key(id)))
      if (payload) payload.consumed = Math.floor(Date.now() / 1000)
    }

    async destroy(id: string): Promise<void> {
      stored.delete(this.#key(id))
    }

    async revokeByGrantId(grantId: string): Promise<void> {
      for (const [key, entry] of stored) if (entry.payload.grantId === grantId) stored.delete(key)
    }
  }
}
