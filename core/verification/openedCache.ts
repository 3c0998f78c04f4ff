import { equalBytes } from '../encoding/bytes.ts'

const maxEntries = 5000

interface Entry {
  readonly bytes: Uint8Array
  readonly basis: unknown
  readonly opened: Promise<unknown>
}

/** Evidence opened before, by path: the same bytes on the same basis (pin, root, slice) are not parsed and verified again. */
export class OpenedCache {
  readonly #entries = new Map<string, Entry>()

  /** What `open` made of these bytes, now or before. A failure is kept too: the same bytes fail again. */
  open<T>(path: string, bytes: Uint8Array, basis: unknown, open: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(path)
    if (known && known.basis === basis && (known.bytes === bytes || equalBytes(known.bytes, bytes))) return known.opened as Promise<T>
    const opened = open()
    opened.catch(() => {})
    if (this.#entries.size >= maxEntries) this.#entries.delete(this.#entries.keys().next().value!)
    this.#entries.delete(path)
    this.#entries.set(path, { bytes, basis, opened })
    return opened
  }

  /** Lets go of what was opened at a path, so that it is tried again. */
  forget(path: string): void {
    this.#entries.delete(path)
  }
}
