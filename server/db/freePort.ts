import { type AddressInfo, createServer } from 'node:net'

const given = new Set<number>()

/** A TCP port of 127.0.0.1 that nothing listens on: `wanted` where it is free, else any that this process was not given before. */
export function freePort(wanted = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', () => (wanted === 0 ? reject(new Error('no free port on 127.0.0.1')) : freePort().then(resolve, reject)))
    server.listen(wanted, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => {
        if (wanted === 0 && given.has(port)) return freePort().then(resolve, reject)
        given.add(port)
        resolve(port)
      })
    })
  })
}
