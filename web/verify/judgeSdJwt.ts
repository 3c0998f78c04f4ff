import { gatherSdJwtEvidence } from '../../core/verification/gatherSdJwtEvidence.ts'
import type { SdJwtReport } from '../../core/verification/report.ts'
import { verifySdJwtVc } from '../../core/verification/verifySdJwtVc.ts'
import { browserCrypto } from '../evidence/browserCrypto.ts'
import { createBrowserPorts } from '../evidence/browserPorts.ts'

/** The report on an SD-JWT VC, judged in this browser on our public files. Holder binding is not asked for: a page has no nonce to give. */
export async function judgeSdJwt(text: string, trustRoot: string): Promise<{ report: SdJwtReport; offline: boolean }> {
  const ports = await createBrowserPorts()
  const now = Math.floor(Date.now() / 1000)
  const evidence = await gatherSdJwtEvidence(text, ports, { trustRoot, policy: 'standard', now }, browserCrypto)
  const report = await verifySdJwtVc({ text }, evidence, 'standard', now, browserCrypto)
  return { report, offline: ports.offline() || navigator.onLine === false }
}
