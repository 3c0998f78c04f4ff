import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import type { RequestHandler } from 'express'
import type { Logger } from 'pino'

/** Spans in the OpenTelemetry protocol (OTLP/HTTP, JSON). Attributes hold routes' patterns and codes, nothing personal. */
export interface Traces {
  /** A server span a request, a child of the caller's `traceparent` (W3C Trace Context). */
  traceRequests: RequestHandler
  /** Runs `work` in a span below the current one; `consumer` for a job. */
  trace<T>(name: string, kind: 'internal' | 'consumer', work: () => Promise<T>): Promise<T>
  /** Sends what is left. */
  close(): Promise<void>
}

/** No endpoint: nothing is measured. */
export const noTraces: Traces = {
  traceRequests: (_req, _res, next) => next(),
  trace: (_name, _kind, work) => work(),
  close: async () => {},
}

const kinds = { internal: 1, server: 2, consumer: 5 } as const
const mostKept = 4096
const sendEvery = 5000
const sendTimeout = 10_000

interface Context {
  traceId: string
  spanId: string
  sampled: boolean
}

/** Traces to a collector at `endpoint` (OTEL_EXPORTER_OTLP_ENDPOINT). When it is down spans are dropped, never waited for. */
export function createTraces(options: { endpoint: string; serviceName: string; ratio: number; logger: Logger }): Traces {
  const { endpoint, serviceName, ratio, logger } = options
  const url = `${endpoint.replace(/\/$/, '')}/v1/traces`
  const current = new AsyncLocalStorage<Context>()
  let spans: object[] = []
  let dropped = 0
  let sending: Promise<void> = Promise.resolve()

  const send = async (): Promise<void> => {
    const batch = spans
    spans = []
    if (batch.length === 0) return
    const resource = { attributes: attributesOf({ 'service.name': serviceName }) }
    const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'antin' }, spans: batch }] }] })
    try {
      const signal = AbortSignal.timeout(sendTimeout)
      const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal })
      if (!answer.ok) throw new Error(`the collector answers ${answer.status}`)
      await answer.body?.cancel()
      if (dropped > 0) logger.warn({ dropped }, 'spans were dropped')
      dropped = 0
    } catch (error) {
      if (dropped === 0) logger.warn({ err: error }, 'spans not sent')
      dropped += batch.length
    }
  }
  const flush = () => {
    sending = sending.then(send)
    return sending
  }
  const timer = setInterval(flush, sendEvery)
  timer.unref()

  const begin = (parent: Context | undefined, name: string, kind: keyof typeof kinds) => {
    const sampled = parent && parent === current.getStore() ? parent.sampled : (parent?.sampled ?? true) && Math.random() < ratio
    const context = { traceId: parent?.traceId ?? hex(16), spanId: hex(8), sampled }
    const start = nanoseconds()
    const end = (attributes: Record<string, string | number>, failed: boolean, finalName = name) => {
      if (!sampled) return
      if (spans.length >= mostKept) {
        dropped++
        return
      }
      spans.push({
        traceId: context.traceId,
        spanId: context.spanId,
        ...(parent ? { parentSpanId: parent.spanId } : {}),
        name: finalName,
        kind: kinds[kind],
        startTimeUnixNano: String(start),
        endTimeUnixNano: String(nanoseconds()),
        attributes: attributesOf(attributes),
        status: { code: failed ? 2 : 0 },
      })
    }
    return { context, end }
  }

  return {
    traceRequests(req, res, next) {
      const { context, end } = begin(parseTraceparent(req.get('traceparent')), req.method, 'server')
      res.once('close', () => {
        const route = req.route?.path ? `${req.baseUrl}${String(req.route.path)}` : ''
        const attributes = {
          'http.request.method': req.method,
          'http.response.status_code': res.statusCode,
          ...(route ? { 'http.route': route } : {}),
          'antin.request_id': req.id,
        }
        end(attributes, res.statusCode >= 500, route ? `${req.method} ${route}` : req.method)
      })
      current.run(context, next)
    },
    async trace(name, kind, work) {
      const { context, end } = begin(current.getStore(), name, kind)
      try {
        const result = await current.run(context, work)
        end({}, false)
        return result
      } catch (error) {
        end({ 'error.type': String((error as { code?: unknown }).code ?? (error as Error).name) }, true)
        throw error
      }
    },
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}

/** W3C Trace Context 3.2; undefined when there is none or it is not valid. */
function parseTraceparent(text: string | undefined): Context | undefined {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text ?? '') ?? []
  if (!traceId || !spanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

function attributesOf(attributes: Record<string, string | number>) {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }))
}

function nanoseconds(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
}

function hex(bytes: number): string {
  return randomBytes(bytes).toString('hex')
}
