import { connect, type Socket } from 'node:net'

export interface Load {
  /** Answers a second. */
  rate: number
  /** Milliseconds, of 99 in 100 answers. */
  p99: number
}

/** Sends the same POST over `connections` kept open, each anew when its answer came, or at `perSecond` in all; counts only 200. */
export function load(options: { port: number; body: string; connections: number; seconds: number; perSecond?: number }): Promise<Load> {
  const { port, body, connections, seconds, perSecond } = options
  const request = Buffer.from(
    `POST /api/verifications HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  const times: number[] = []
  const sockets: Socket[] = []
  const start = performance.now()
  const end = start + seconds * 1000
  const gap = perSecond ? (1000 * connections) / perSecond : 0
  return new Promise((resolve, reject) => {
    const finish = () => {
      for (const socket of sockets) socket.destroy()
      const sorted = times.toSorted((a, b) => a - b)
      resolve({ rate: (times.length * 1000) / (performance.now() - start), p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0 })
    }
    setTimeout(finish, seconds * 1000)
    for (let i = 0; i < connections; i++) {
      const socket = connect(port, '127.0.0.1')
      socket.setNoDelay(true)
      sockets.push(socket)
      let text = ''
      // With a rate, each connection has its turns fixed beforehand, so that a slow answer does not thin out the load.
      let due = start + (gap * i) / connections
      const send = () => {
        if (performance.now() < end) socket.write(request)
      }
      let sentAt = 0
      const next = () => {
        if (!gap) {
          sentAt = performance.now()
          return send()
        }
        due += gap
        sentAt = Math.max(due, performance.now() - 1000)
        const wait = due - performance.now()
        if (wait > 1) setTimeout(send, wait)
        else send()
      }
      socket.on('connect', next)
      socket.on('error', reject)
      socket.on('data', chunk => {
        text += chunk.toString('latin1')
        const head = text.indexOf('\r\n\r\n')
        if (head < 0) return
        const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0)
        if (text.length < head + 4 + length) return
        if (!text.startsWith('HTTP/1.1 200')) return reject(new Error(text.slice(0, 300)))
        times.push(performance.now() - sentAt)
        text = ''
        next()
      })
    }
  })
}
