import type { CoreCrypto } from '../crypto/coreCrypto.ts'
import { encodeBase64url } from '../encoding/base64url.ts'
import type { Evidence, EvidencePorts } from './evidence.ts'
import { type GatherSettings, gatherFor, noEvidence } from './gatherEvidence.ts'
import { readSdJwt } from './readSdJwt.ts'

/** As `gatherEvidence`, for the text of an SD-JWT VC. In a file of its own: a page that scans a QR loads nothing of it. */
export async function gatherSdJwtEvidence(
  text: string,
  ports: EvidencePorts,
  settings: GatherSettings,
  crypto: CoreCrypto,
): Promise<Evidence> {
  const { credential } = await readSdJwt(text, undefined, crypto)
  if (!credential) return noEvidence
  return gatherFor(credential, { digest: encodeBase64url(await crypto.sha256(credential.payload)) }, ports, settings, crypto)
}
