import { AsyncLocalStorage } from 'node:async_hooks'
import type { Context } from '@opentelemetry/api'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import type { RequestHandler } from 'express'
import type { Logger } from 'pino'

/** OpenTelemetry spans. Attributes hold routes' patterns and codes, nothing personal. */
export interface Traces {
  /** A server span a request, a child of the caller's `traceparent` (W3C Trace Context). */
  traceRequests: RequestHandler
  /** Runs `work` in a span below the current one; `consumer` for a job. */
  trace<T>(name: string, kind: 'internal' | 'consumer', work: () => Promise<T>): Promise<T>
  /** Sends what is left. */
  close(): Promise<void>
}

/** No endpoint: nothing is measured, and nothing of OpenTelemetry loaded. */
export const noTraces: Traces = {
  traceRequests: (_req, _res, next) => next(),
  trace: (_name, _kind, work) => work(),
  close: async () => {},
}

const closeWithin = 3000

/**
 * Traces to a collector at `endpoint` (OTLP over HTTP with JSON; OTEL_EXPORTER_OTLP_HEADERS and the exporter's other variables count too).
 * When it is down spans are dropped, never waited for. `ratio` is the share that is sampled of what the caller samples.
 */
export async function openTraces(options: { endpoint: string; serviceName: string; ratio: number; logger: Logger }): Promise<Traces> {
  const { endpoint, serviceName, ratio, logger } = options
  const [api, { W3CTraceContextPropagator }, { resourceFromAttributes }, sdk, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/core'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ])
  const exporter = telling(new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` }), logger)
  const root = new sdk.TraceIdRatioBasedSampler(ratio)
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName }),
    sampler: new sdk.ParentBasedSampler({ root, remoteParentSampled: root }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter })],
  })
  const tracer = provider.getTracer('antin')
  const propagator = new W3CTraceContextPropagator()
  const current = new AsyncLocalStorage<Context>()
  const kinds = { internal: api.SpanKind.INTERNAL, consumer: api.SpanKind.CONSUMER }

  return {
    traceRequests(req, res, next) {
      const parent = propagator.extract(api.ROOT_CONTEXT, req.headers, api.defaultTextMapGetter)
      const span = tracer.startSpan(req.method, { kind: api.SpanKind.SERVER }, parent)
      res.once('close', () => {
        const route = req.route?.path ? `${req.baseUrl}${String(req.route.path)}` : ''
        if (route) span.updateName(`${req.method} ${route}`).setAttribute('http.route', route)
        span.setAttributes({
          'http.request.method': req.method,
          'http.response.status_code': res.statusCode,
          'antin.request_id': String(req.id),
        })
        if (res.statusCode >= 500) span.setStatus({ code: api.SpanStatusCode.ERROR })
        span.end()
      })
      current.run(api.trace.setSpan(parent, span), next)
    },
    async trace(name, kind, work) {
      const parent = current.getStore() ?? api.ROOT_CONTEXT
      const span = tracer.startSpan(name, { kind: kinds[kind] }, parent)
      try {
        return await current.run(api.trace.setSpan(parent, span), work)
      } catch (error) {
        // The message may hold what is nobody's business.
        span.setAttribute('error.type', String((error as { code?: unknown }).code ?? (error as Error).name))
        span.setStatus({ code: api.SpanStatusCode.ERROR })
        throw error
      } finally {
        span.end()
      }
    },
    async close() {
      const late = new Promise<void>(resolve => setTimeout(resolve, closeWithin).unref())
      await Promise.race([provider.shutdown().catch(() => {}), late])
    },
  }
}

/** The exporter; the log says once that the collector does not answer, until it did again. */
function telling(exporter: SpanExporter, logger: Logger): SpanExporter {
  let told = false
  return {
    export(spans, done) {
      exporter.export(spans, result => {
        if (result.error && !told) logger.warn({ err: result.error }, 'spans not sent')
        told = result.error !== undefined
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
  }
}
