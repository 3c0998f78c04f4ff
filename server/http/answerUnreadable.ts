import { randomUUID } from 'node:crypto'
import { type OutgoingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { AppError } from '../../core/errors.ts'
import { problemOf } from './problem.ts'

/** Milliseconds for the other side to read the answer and close: who never does, or never agreed on TLS, keeps no connection. */
const linger = 1000

/** For `clientError` of a server: what never became a request is answered with a problem like everything else, and the connection closed. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  const answering = (socket as { _httpMessage?: OutgoingMessage })._httpMessage
  if (!socket.writable || error.code === 'ECONNRESET' || answering?.headersSent) return void socket.destroy()
  const problem = problemOf(new AppError(codeOf(error)), randomUUID())
  const body = JSON.stringify(problem)
  setTimeout(() => socket.destroy(), linger).unref()
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      'Connection: close',
      'Cache-Control: no-store',
      'Content-Type: application/problem+json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  )
}

function codeOf({ code }: NodeJS.ErrnoException) {
  if (code === 'HPE_HEADER_OVERFLOW') return 'http.headers'
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'http.timeout' : 'http.invalid'
}
