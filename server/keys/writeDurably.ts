import { randomUUID } from 'node:crypto'
import { access, link, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError } from '../../core/errors.ts'

/**
 * Writes a file of mode 0600 that is on disk, whole, when this answers; its folder gets mode 0700 if it has to be made. Throws `key.file`
 * when there is one of this name already, also one made at the same moment, unless it may be replaced.
 */
export async function writeDurably(file: string, content: string | Uint8Array, { replace = false } = {}): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const fresh = `${file}.${randomUUID()}.new`
  const handle = await open(fresh, 'wx', 0o600)
  try {
    await handle.writeFile(content)
    await handle.sync()
    await handle.close()
    if (replace) await rename(fresh, file)
    else await link(fresh, file)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST')
      throw new AppError('key.file', 'A key file of this name exists already', { cause })
    throw cause
  } finally {
    await handle.close().catch(() => {})
    await rm(fresh, { force: true })
  }
  const folder = await open(dirname(file), 'r')
  await folder.sync().finally(() => folder.close())
}

/** Whether there is a file of this name. */
export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
