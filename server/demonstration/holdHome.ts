import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { AppError } from '../../core/errors.ts'

/** Makes sure that one demonstration at a time uses a home; answers what gives it free again. Throws `config.running`. */
export function holdHome(file: string): () => Promise<void> {
  const other = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  if (other > 0 && other !== process.pid && isAlive(other)) {
    throw new AppError(
      'config.running',
      `A demonstration already runs here (process ${other}). Stop it with Ctrl-C, or set ANTIN_HOME to another folder`,
    )
  }
  writeFileSync(file, `${process.pid}\n`)
  return async () => rmSync(file, { force: true })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
