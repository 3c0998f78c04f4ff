import { AppError } from '../core/errors.ts'
import { CliError, type CliIo } from './io.ts'

/** Says on standard error what went wrong, in words that help, and answers the exit code: 64 for wrong usage. `usage` is the command's. */
export function explainError(error: unknown, usage: string, io: CliIo): number {
  if (error instanceof CliError) {
    io.err(error.message)
    if (error.exitCode === 64) io.err(`Usage: antin ${usage}`)
    return error.exitCode
  }
  if (error instanceof AppError) {
    io.err(`${error.detail} (${error.code})`)
    return 1
  }
  const { message, stack } = error as Error
  const { code, path, port, address, hostname } = systemErrorOf(error)
  if (code.startsWith('ERR_PARSE_ARGS')) {
    io.err(`${message.split('\n')[0]}\nUsage: antin ${usage}`)
    return 64
  }
  if (code === 'ENOENT' && path) {
    io.err(`No such file: ${path}`)
    return 64
  }
  io.err(io.env.ANTIN_DEBUG ? String(stack) : (wordsOf(code, path, port, address ?? hostname) ?? message))
  return 1
}

interface SystemError {
  readonly code: string
  readonly path?: string | undefined
  readonly port?: number | undefined
  readonly address?: string | undefined
  /** Of a name that was looked up. */
  readonly hostname?: string | undefined
}

/** The system's code of an error or of what caused it; PostgreSQL, esbuild and others only say a full disk in words. */
function systemErrorOf(error: unknown): SystemError {
  type Failure = Error & Partial<SystemError> & { errors?: Failure[] }
  for (let one = error as Failure | undefined; one; one = (one.errors?.[0] ?? one.cause) as typeof one) {
    // A name with several addresses fails with one error each.
    if (one.errors?.[0]) continue
    const { message = '', path, port, address, hostname } = one
    if (/no space left on device/i.test(`${message} ${(one as { stderr?: string }).stderr ?? ''}`)) return { code: 'ENOSPC', path }
    if (typeof one.code === 'string' && /^E[A-Z]/.test(one.code)) return { code: one.code, path, port, address, hostname }
  }
  return { code: '' }
}

function wordsOf(code: string, path: string | undefined, port: number | undefined, address: string | undefined): string | undefined {
  const where = path ? `: ${path}` : ''
  switch (code) {
    case 'ENOSPC':
      return `The disk is full${where}. Make room (the demonstration needs about 200 MB in ANTIN_HOME), or set ANTIN_HOME to a folder on another disk.`
    case 'EROFS':
      return `The folder cannot be written, its disk is mounted read-only${where}. Set ANTIN_HOME to a folder that can be written.`
    case 'EACCES':
      return port === undefined
        ? `This user may not read or write${where}. Mend its owner and mode, or set ANTIN_HOME to another folder.`
        : `This user may not listen on port ${port}: ports below 1024 need CAP_NET_BIND_SERVICE. Set PORT to a higher one.`
    case 'EADDRINUSE':
      return `Port ${port} of ${address} is taken by another process. Stop it, or set PORT (METRICS_PORT) to another one.`
    case 'ECONNREFUSED':
      return (
        address &&
        `Nothing answers at ${address}:${port}. Does what should be there run, and is its address set right? \`antin doctor\` looks.`
      )
    case 'ENOTFOUND':
      return address && `There is no machine of the name ${address}. Is the address set right? \`antin doctor\` looks.`
    case 'EADDRNOTAVAIL':
      return `This machine has no address ${address}: set HOST to one that it has, or to ::`
    default:
      return undefined
  }
}
