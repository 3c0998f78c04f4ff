import { z } from 'zod'

/** A JSON-RPC node of an EVM chain. */
export interface RpcNode {
  /** The address without credentials, path or query, for people. */
  readonly name: string
  /** The result of a method; throws `RpcError`. */
  request(method: string, params?: readonly unknown[]): Promise<unknown>
}

/** Why a node gave no result: it was `silent` (no connection, no answer in time, no JSON-RPC), or it answered an error. */
export class RpcError extends Error {
  readonly kind: 'silent' | 'answered'
  /** Revert data as 0x hex, where the error carries some. */
  readonly data: string | undefined

  constructor(kind: 'silent' | 'answered', message: string, options: ErrorOptions & { data?: string | undefined } = {}) {
    super(message, options)
    this.name = 'RpcError'
    this.kind = kind
    this.data = options.data
  }
}

const hexData = z.string().regex(/^0x([0-9a-fA-F]{2})*$/)
const answer = z.object({
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }).optional(),
})
const errorData = z.union([hexData, z.object({ data: hexData }).transform(nested => nested.data)])
const maxAnswerLength = 4 * 1024 * 1024

/** A node at an http or https address. Nothing is cached, batched or polled; silence ends after `timeoutMs`. */
export function rpcNode(url: string, { timeoutMs = 10_000 } = {}): RpcNode {
  let id = 0
  return {
    name: new URL(url).host,
    async request(method, params = []) {
      let text: string
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params }),
          signal: AbortSignal.timeout(timeoutMs),
        })
        text = await response.text()
        if (text.length > maxAnswerLength) throw new Error('the answer is too long')
      } catch (cause) {
        throw new RpcError('silent', `${method}: no answer`, { cause })
      }
      const parsed = answer.safeParse(parseOrUndefined(text))
      if (!parsed.success) throw new RpcError('silent', `${method}: the answer is no JSON-RPC`)
      const { result, error } = parsed.data
      if (error) throw new RpcError('answered', error.message.slice(0, 500), { data: errorData.safeParse(error.data).data })
      return result
    },
  }
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
