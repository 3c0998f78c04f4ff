import { createServer } from 'node:net'

/** A TCP port of 127.0.0.1 that nothing listens on: `wanted` where it is free, else any. */
export function freePort(wanted = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', () => (wanted === 0 ? reject(new Error('no free port on 127.0.0.1')) : freePort().then(resolve, reject)))
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : wanted))
    })
  })
}
