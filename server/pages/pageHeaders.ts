import type { RequestHandler } from 'express'
import helmet from 'helmet'

export interface PageHeadersOptions {
  /** Origins that a form's answer may redirect to besides ours. */
  formOrigins?: readonly string[]
  /** The scanner: its decoder is WebAssembly and it may use the camera. */
  scanner?: boolean
}

/**
 * Security headers of pages: a content security policy that allows our own files and nothing inline, no framing, no referrer
 * to others. A route may mount it again with other options; the last one counts.
 */
export function pageHeaders({ formOrigins = [], scanner = false }: PageHeadersOptions): RequestHandler {
  const common = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: scanner ? ["'self'", "'wasm-unsafe-eval'"] : ["'self'"],
        workerSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: scanner ? ["'self'", 'blob:', 'data:'] : ["'self'", 'data:', 'blob:'],
        mediaSrc: scanner ? ["'self'", 'blob:'] : ["'none'"],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        formAction: ["'self'", ...formOrigins],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    crossOriginEmbedderPolicy: false,
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: { maxAge: 31_536_000, includeSubDomains: true },
  })
  const permissions = `camera=(${scanner ? 'self' : ''}), microphone=(), geolocation=(), payment=(), usb=()`
  return (req, res, next) => {
    res.setHeader('Permissions-Policy', permissions)
    common(req, res, next)
  }
}
