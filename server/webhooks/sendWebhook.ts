import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { guardedLookup, isPublicAddress, parseWebhookUrl } from './guardedLookup.ts'

/** What became of one attempt; `status` is null when there was no answer. */
export interface Attempt {
  readonly status: number | null
  readonly error: string | null
}

const timeout = 10_000
const maxAnswer = 64 * 1024

/** Sends one POST and reads its status; follows no redirect, reads no more than 64 KiB of answer, and reaches only public addresses unless allowed. */
export function sendWebhook(request: {
  url: string
  headers: Record<string, string>
  body: string
  allowPrivate: boolean
}): Promise<Attempt> {
  const { headers, body, allowPrivate } = request
  return new Promise(resolve => {
    let settled = false
    const settle = (attempt: Attempt) => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      outgoing?.destroy()
      resolve(attempt)
    }
    let outgoing: ReturnType<typeof httpRequest> | undefined
    const timer = setTimeout(() => settle({ status: null, error: 'No answer within 10 seconds' }), timeout)
    try {
      const url = parseWebhookUrl(request.url, allowPrivate)
      const start = url.protocol === 'https:' ? httpsRequest : httpRequest
      outgoing = start(
        url,
        {
          method: 'POST',
          headers: { ...headers, 'Content-Length': Buffer.byteLength(body), 'User-Agent': 'antin-webhook/1' },
          lookup: guardedLookup(allowPrivate),
          agent: false,
        },
        response => {
          const status = response.statusCode ?? null
          let length = 0
          response.on('data', (chunk: Buffer) => {
            length += chunk.length
            if (length > maxAnswer) settle({ status, error: null })
          })
          response.on('end', () => settle({ status, error: null }))
          response.on('error', () => settle({ status, error: null }))
        },
      )
      // An address given by number is not looked up: it is judged once connected, before anything is sent.
      outgoing.on('socket', socket => {
        const judge = () => {
          if (!allowPrivate && socket.remoteAddress && !isPublicAddress(socket.remoteAddress))
            settle({ status: null, error: 'The address is not public' })
        }
        socket.once('connect', judge)
      })
      outgoing.on('error', error => settle({ status: null, error: error.message.slice(0, 200) }))
      outgoing.end(body)
    } catch (error) {
      settle({ status: null, error: error instanceof Error ? error.message.slice(0, 200) : 'failed' })
    }
  })
}
