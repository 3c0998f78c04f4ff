/** The first programs of the API's documentation, whole: a test runs them as they are printed. */
export interface QuickStart {
  /** Shell: checks the code in `$QR`. */
  readonly check: string
  /** Shell: an access token for `$CLIENT_ID` with `$CLIENT_SECRET`, and a first call with it. */
  readonly token: string
  /** A JavaScript module: checks the code in its first argument with the library. */
  readonly library: string
}

export function quickStart({ publicUrl, trustRoot }: { publicUrl: string; trustRoot: string }): QuickStart {
  return {
    check: `curl ${publicUrl}/api/verifications \\
  -H 'content-type: application/json' \\
  -d "{\\"credential\\": \\"$QR\\"}"`,
    token: `ISSUER=$(curl -s ${publicUrl}/.well-known/oauth-protected-resource | jq -r '.authorization_servers[0]')
TOKEN=$(curl -s "$(curl -s $ISSUER/.well-known/openid-configuration | jq -r .token_endpoint)" \\
  -u "$CLIENT_ID:$CLIENT_SECRET" \\
  -d grant_type=client_credentials -d scope=cards:write | jq -r .access_token)
curl ${publicUrl}/api/cards -H "authorization: Bearer $TOKEN"`,
    library: `import { createMarkStore, gatherEvidence, parseQrText, verifyCard, webCrypto } from 'antin'

const ports = {
  marks: createMarkStore(),
  async fetchFile(path) {
    const response = await fetch('${publicUrl}' + path).catch(() => null)
    if (!response?.ok) return { kind: response?.status === 404 ? 'absent' : 'unreachable' }
    return { kind: 'found', bytes: new Uint8Array(await response.arrayBuffer()), online: true }
  },
}
const input = { sealed: parseQrText(process.argv[2]).bytes }
const now = Math.floor(Date.now() / 1000)
const settings = { trustRoot: '${trustRoot}', policy: 'standard', now }
const evidence = await gatherEvidence(input, ports, settings, webCrypto)
const report = await verifyCard(input, evidence, 'standard', now, webCrypto)
console.log(report.verdict, report.checks)`,
  }
}
