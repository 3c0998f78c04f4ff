import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { AppError } from '../../core/errors.ts'

/** The 32-byte secret in a file of 64 hex digits. Throws `key.file` when the file is missing or something else. */
export function readSecret(file: string): Buffer {
  let text: string
  try {
    text = readFileSync(file, 'utf8').trim()
  } catch (cause) {
    throw new AppError('key.file', `The secret file ${file} cannot be read`, { cause })
  }
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new AppError('key.file', `The secret file ${file} does not hold 64 hex digits`)
  return Buffer.from(text, 'hex')
}

/** As `readSecret`; a file that is not there is made first, readable by its owner only. */
export function readOrMakeSecret(file: string): Buffer {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
  }
  return readSecret(file)
}
