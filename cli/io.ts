/** Where a command writes and what it knows of its surroundings. */
export interface CliIo {
  /** A line for programs and people, standard output. */
  out(line: string): void
  /** Progress and errors, standard error. */
  err(line: string): void
  /** A progress line: rewritten in place on a terminal, dropped elsewhere unless it is the last. */
  progress(line: string, last?: boolean): void
  env: NodeJS.ProcessEnv
  isTerminal: boolean
}

/** An error that is shown as one line; `exitCode` 64 for wrong usage. */
export class CliError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode = 1, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

/** The process's own streams. */
export function processIo(): CliIo {
  const isTerminal = process.stderr.isTTY === true
  // Whoever reads has closed the pipe (`| head`): end as a program that SIGPIPE ends.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(141)
  })
  let open = false
  const closeProgress = () => {
    if (open) process.stderr.write('\n')
    open = false
  }
  return {
    out(line) {
      closeProgress()
      process.stdout.write(`${line}\n`)
    },
    err(line) {
      closeProgress()
      process.stderr.write(`${line}\n`)
    },
    progress(line, last = false) {
      if (isTerminal) {
        process.stderr.write(`\r\x1b[K${line}`)
        open = !last
        if (last) process.stderr.write('\n')
      } else if (last) process.stderr.write(`${line}\n`)
    },
    env: process.env,
    isTerminal,
  }
}
