import { type ChildProcess, spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A process of the installation that can be killed and started again. */
export class Child {
  private process: ChildProcess | null = null
  readonly name: string
  private readonly command: { args: string[]; env: Record<string, string>; logFile: string }

  constructor(name: string, command: { args: string[]; env: Record<string, string>; logFile: string }) {
    this.name = name
    this.command = command
  }

  /** `env` adds to what every start gets. */
  start(env: Record<string, string> = {}): void {
    const log = openSync(this.command.logFile, 'a')
    this.process = spawn(process.execPath, this.command.args, {
      cwd: root,
      env: { PATH: process.env.PATH, ...this.command.env, ...env },
      stdio: ['ignore', log, log],
    })
  }

  get isRunning(): boolean {
    return this.process !== null && this.process.exitCode === null && this.process.signalCode === null
  }

  /** Sends a signal and waits until the process is gone; the exit code, null when it was killed. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const child = this.process
    if (!child || !this.isRunning) return child?.exitCode ?? null
    const gone = new Promise<number | null>(resolve => child.once('exit', code => resolve(code)))
    child.kill(signal)
    return gone
  }

  /** As a supervisor does: starts it again when it ended. */
  revive(): void {
    if (!this.isRunning) this.start()
  }
}
