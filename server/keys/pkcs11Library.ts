import type pkcs11 from 'pkcs11js'
import { AppError } from '../../core/errors.ts'

type Native = typeof pkcs11

/** A PKCS#11 library in this process, initialised. `release` gives it back; the last one finalises it. */
export interface Pkcs11Library {
  readonly native: Native
  readonly library: pkcs11.PKCS11
  release(): void
}

const loaded = new Map<string, { library: pkcs11.PKCS11; users: number }>()

/** Loads the library of a token's vendor, once a process. Throws `key.pkcs11` when it cannot, or pkcs11js is not installed. */
export async function openPkcs11Library(path: string): Promise<Pkcs11Library> {
  const native = await import('pkcs11js').then(
    module => (module as unknown as { default?: Native }).default ?? (module as unknown as Native),
    cause => {
      throw new AppError('key.pkcs11', 'The package pkcs11js is not installed', { cause })
    },
  )
  const library = asToken(() => acquire(native, path))
  return { native, library, release: () => release(path) }
}

/** What the token refuses is an AppError; its own text names the PKCS#11 return value and no secret. */
export function asToken<T>(use: () => T): T {
  try {
    return use()
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('key.pkcs11', `The PKCS#11 token refused: ${cause instanceof Error ? cause.message : 'unknown'}`, { cause })
  }
}

function acquire(native: Native, path: string): pkcs11.PKCS11 {
  let known = loaded.get(path)
  if (!known) {
    const library = new native.PKCS11()
    library.load(path)
    try {
      library.C_Initialize()
    } catch (error) {
      if (!/ALREADY_INITIALIZED/.test(String(error))) throw error
    }
    known = { library, users: 0 }
    loaded.set(path, known)
  }
  known.users++
  return known.library
}

function release(path: string): void {
  const known = loaded.get(path)
  if (!known || --known.users > 0) return
  loaded.delete(path)
  try {
    known.library.C_Finalize()
    known.library.close()
  } catch {
    // Nothing is held any more.
  }
}
