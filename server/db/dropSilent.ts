import type { Socket } from 'node:net'
import type pg from 'pg'

/** The server ends a statement after a minute (`createPool`), so it is never silent for longer while one runs. */
const silenceMs = 70_000

interface Inside {
  readonly connection: { readonly stream: Socket }
  readonly _activeQuery?: unknown
}

/** From now on a connection on which a statement waits and nothing moves for 70 s is closed: it is open at our end only, and TCP would take a quarter of an hour to notice. */
export function dropSilent(pool: pg.Pool): void {
  pool.on('connect', client => {
    const inside = client as unknown as Inside
    const { stream } = inside.connection
    stream.setTimeout(silenceMs, () => {
      if (inside._activeQuery) stream.destroy(new Error('the database is silent'))
    })
  })
}
