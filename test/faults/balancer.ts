import { Agent, createServer, request } from 'node:http'

/** A round-robin HTTP proxy on 127.0.0.1 that sends requests only to servers whose /readyz said 200 within the last moments. It never tries a request twice. */
export interface Balancer {
  readonly ready: () => number
  close(): Promise<void>
}

const askEveryMs = 250

export async function startBalancer(port: number, targets: readonly number[]): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const ready = new Set<number>()
  let turn = 0
  const ask = (target: number) => {
    const asked = request({ host: '127.0.0.1', port: target, path: '/readyz', agent: false, timeout: 4000 }, answer => {
      answer.resume()
      if (answer.statusCode === 200) ready.add(target)
      else ready.delete(target)
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => ready.delete(target))
    asked.end()
  }
  const timer = setInterval(() => targets.forEach(ask), askEveryMs)
  const server = createServer((req, res) => {
    const among = targets.filter(target => ready.has(target))
    const target = among[turn++ % Math.max(among.length, 1)]
    if (target === undefined) {
      res.writeHead(503).end()
      return
    }
    const onward = request({ host: '127.0.0.1', port: target, path: req.url, method: req.method, headers: req.headers, agent }, answer => {
      const { connection: _connection, ...headers } = answer.headers
      res.writeHead(answer.statusCode!, headers)
      answer.pipe(res)
      answer.on('error', () => res.destroy())
    })
    onward.on('error', () => {
      if (!res.headersSent) res.writeHead(502)
      res.end()
    })
    req.pipe(onward)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return {
    ready: () => ready.size,
    async close() {
      clearInterval(timer)
      agent.destroy()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
