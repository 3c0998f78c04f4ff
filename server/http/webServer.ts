import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Logger } from 'pino'
import { answerUnreadable } from './answerUnreadable.ts'
import { serverLimits } from './serverLimits.ts'

/** PEM files of a certificate with its chain, and of its key. */
export interface TlsFiles {
  cert: string
  key: string
}

/**
 * A server for the app, not listening yet; with files it speaks TLS 1.2 and newer, and looks for renewed ones. `lookAgain` and `handshake`,
 * what a client may take to agree on TLS, are in milliseconds.
 */
export function createWebServer(
  app: RequestListener,
  logger: Logger,
  tls?: TlsFiles,
  { lookAgain = 60_000, handshake = 20_000 }: { lookAgain?: number; handshake?: number } = {},
): Server {
  if (!tls) return answering(createServer(serverLimits, app), app)
  let current = read(tls)
  const server = createTlsServer({ ...serverLimits, handshakeTimeout: handshake, minVersion: 'TLSv1.2', ...current }, app)
  const timer = setInterval(() => {
    try {
      const next = read(tls)
      if (next.cert.equals(current.cert) && next.key.equals(current.key)) return
      // Throws while the two do not belong together: a renewal is being written.
      server.setSecureContext({ minVersion: 'TLSv1.2', ...next })
      current = next
      logger.info('the renewed certificate is in use')
    } catch (error) {
      logger.warn({ err: error }, 'the certificate cannot be renewed; the old one stays')
    }
  }, lookAgain)
  timer.unref()
  server.once('close', () => clearInterval(timer))
  return answering(server, app)
}

/** With an answer for what is no request; an `Expect` that nobody knows is passed over (RFC 9110, 10.1.1). */
function answering(server: Server, app: RequestListener): Server {
  return server.on('clientError', answerUnreadable).on('checkExpectation', app)
}

function read({ cert, key }: TlsFiles) {
  return { cert: readFileSync(cert), key: readFileSync(key) }
}
