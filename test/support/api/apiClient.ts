import type { Operation } from './apiDocument.ts'
import type { ApiWorld, Caller } from './apiWorld.ts'

export interface Ask {
  readonly as?: Caller | undefined
  /** Values of the path's parameters. */
  readonly at?: Readonly<Record<string, string | number>>
  readonly query?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly form?: Readonly<
    Record<string, string | { name: string; bytes: Uint8Array | string } | { name: string; bytes: Uint8Array | string }[]>
  >
  readonly text?: { type: string; body: string | Uint8Array }
  readonly headers?: Readonly<Record<string, string>>
  /** Of another server than the world's. */
  readonly port?: number
}

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bytes: Buffer
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: what an API answers is looked into by each test
  readonly json: any
}

export interface Exchange {
  readonly operation: Operation
  readonly ask: Ask
  readonly reply: Reply
}

/** Sends what a documented operation takes; every exchange is kept in order. */
export function apiClient(world: ApiWorld) {
  const exchanges: Exchange[] = []
  return { exchanges, call }

  async function call(key: string, ask: Ask = {}): Promise<Reply> {
    const operation = world.operation(key)
    const filled = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = ask.at?.[name]
      if (value === undefined) throw new Error(`${key} needs ${name}`)
      return operation.path.startsWith('/log/') ? String(value) : encodeURIComponent(value)
    })
    const query = ask.query ? `?${new URLSearchParams(ask.query)}` : ''
    const { type, body } = await bodyOf(ask)
    const answer = await world.send(
      operation,
      {
        method: operation.method,
        path: filled + query,
        headers: {
          ...(ask.as ? { authorization: `Bearer ${world.tokens[ask.as]}` } : {}),
          ...(type ? { 'content-type': type } : {}),
          ...ask.headers,
        },
        body,
      },
      ask.port,
    )
    const text = answer.body.toString('utf8')
    const isJson = /json/.test(String(answer.headers['content-type'])) && !/ndjson|jose/.test(String(answer.headers['content-type']))
    const reply = {
      status: answer.status,
      headers: answer.headers,
      bytes: answer.body,
      text,
      json: isJson && text !== '' ? JSON.parse(text) : undefined,
    }
    exchanges.push({ operation, ask, reply })
    return reply
  }
}

async function bodyOf(ask: Ask): Promise<{ type?: string; body?: string | Uint8Array }> {
  if (ask.text) return ask.text
  if (ask.json !== undefined) return { type: 'application/json', body: JSON.stringify(ask.json) }
  if (!ask.form) return {}
  const form = new FormData()
  for (const [name, value] of Object.entries(ask.form)) {
    if (typeof value === 'string') form.append(name, value)
    else for (const file of [value].flat()) form.append(name, new Blob([file.bytes as never]), file.name)
  }
  const whole = new Response(form)
  return { type: whole.headers.get('content-type')!, body: new Uint8Array(await whole.arrayBuffer()) }
}
