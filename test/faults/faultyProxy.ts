import { connect, createServer, type Socket } from 'node:net'

/** What a line does: carry, refuse and drop everything (cut), carry nothing and close nothing (half-open), carry each piece late (slow). */
export type LineState = 'whole' | 'cut' | 'half-open' | { slowMs: number }

/** A TCP proxy on 127.0.0.1 whose line can be spoilt while connections are open. */
export interface FaultyProxy {
  readonly port: number
  set(state: LineState): void
  close(): Promise<void>
}

export async function startFaultyProxy(targetPort: number, port = 0): Promise<FaultyProxy> {
  let state: LineState = 'whole'
  const pairs = new Set<[Socket, Socket]>()
  /** Connections on which a piece was lost: they stay silent for good, as a half-open connection does. */
  const dead = new WeakSet<Socket>()

  const carry = (from: Socket, to: Socket) => {
    from.on('data', async piece => {
      if (state === 'half-open') dead.add(from).add(to)
      if (dead.has(from)) return
      if (typeof state === 'object') {
        from.pause()
        await new Promise(resolve => setTimeout(resolve, (state as { slowMs: number }).slowMs))
        from.resume()
      }
      if (!to.destroyed) to.write(piece)
    })
    from.on('end', () => dead.has(from) || to.end())
    from.on('close', () => dead.has(from) || to.destroy())
    from.on('error', () => undefined)
  }
  const server = createServer(client => {
    if (state === 'cut') return void client.destroy()
    const upstream = connect(targetPort, '127.0.0.1')
    const pair: [Socket, Socket] = [client, upstream]
    pairs.add(pair)
    client.once('close', () => pairs.delete(pair))
    carry(client, upstream)
    carry(upstream, client)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const dropAll = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
    pairs.clear()
  }
  return {
    port: (server.address() as { port: number }).port,
    set(next) {
      state = next
      if (next === 'cut') dropAll()
    },
    async close() {
      dropAll()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
