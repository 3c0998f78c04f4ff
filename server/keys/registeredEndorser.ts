import { AppError } from '../../core/errors.ts'
import { assertSigningCertificate } from './certificateFacts.ts'
import type { KeyDeps } from './createKey.ts'
import { type KeyRow, readKey } from './keysTable.ts'
import type { CertifiedSigner } from './pkcs12.ts'

/**
 * The signer of endorsements of a document key that is registered here, in a file or on a token. Throws `key.not-found`, and what
 * `endorserChain` does.
 */
export async function registeredEndorser(deps: KeyDeps, kid: Uint8Array): Promise<CertifiedSigner> {
  const key = await readKey(deps.pool, kid)
  const x5c = endorserChain(key, deps.clock())
  return { ...(await deps.store.open(key.form, key.location, 'endorsement')), x5c }
}

/**
 * The certificates of a key that may endorse at `at` (seconds). Throws `key.wrong-use` unless it is a document key with an RSA certificate,
 * `key.retired`, and what `assertSigningCertificate` does.
 */
export function endorserChain(key: KeyRow, at: number): [string, ...string[]] {
  const [leaf, ...above] = key.x5c
  if (key.use !== 'document' || key.jwk.kty !== 'RSA' || leaf === undefined)
    throw new AppError('key.wrong-use', 'Endorsements are signed by an RSA certificate')
  if (key.retiredAt !== null || key.compromise !== null) throw new AppError('key.retired')
  assertSigningCertificate(leaf, at)
  return [leaf, ...above]
}
