import type { Config } from '../../config.ts'
import { type Finding, ok, warning, wrong } from './finding.ts'

const patience = 5000

/** Settings of addresses, the identity provider, and our own public address as it answers from here. */
export async function networkFindings(config: Config): Promise<Finding[]> {
  const [provider, address] = await Promise.all([providerFinding(config), addressFindings(config)])
  return [...settingFindings(config), ...address, provider]
}

function settingFindings(config: Config): Finding[] {
  const findings: Finding[] = []
  if (isPublic(config) && config.TRUST_PROXY === false && config.HOST === '127.0.0.1')
    findings.push(warning('proxy', 'TRUST_PROXY is false', 'Behind a proxy set TRUST_PROXY to its address, else limits count the proxy'))
  if (config.CHAIN === 'none') findings.push(warning('chain', 'CHAIN=none', 'Nothing guards the history but witnesses; set CHAIN_RPC_URLS'))
  return findings
}

async function addressFindings(config: Config): Promise<Finding[]> {
  const { PUBLIC_URL: url } = config
  if (!url || !isPublic(config)) return []
  if (url.startsWith('http:')) return [wrong('address', url, 'PUBLIC_URL must be https: cameras and service workers need it')]
  const answer = await ask(new URL('/healthz', url))
  if (answer === 200) return [ok('address', `${url} answers`)]
  if (typeof answer === 'number')
    return [warning('address', `${url} answers ${answer} from here`, 'See what the proxy forwards, and that a server runs')]
  const mend = isOfTls(answer)
    ? 'Renew the certificate of that address, with its chain'
    : 'Start a server, and see that name and proxy lead to it (from inside they may not)'
  return [isOfTls(answer) ? wrong('address', `${url}: ${answer}`, mend) : warning('address', `${url}: ${answer}`, mend)]
}

async function providerFinding({ OIDC_ISSUER: issuer }: Config): Promise<Finding> {
  if (!issuer) return wrong('sign-in', 'OIDC_ISSUER names no identity provider', 'Set OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET')
  const answer = await ask(new URL('.well-known/openid-configuration', `${issuer.replace(/\/$/, '')}/`), async response => {
    const { issuer: named } = (await response.json()) as { issuer?: string }
    return named === issuer ? 200 : `it calls itself ${named}`
  })
  if (answer === 200) return ok('sign-in', issuer)
  if (typeof answer === 'number') return wrong('sign-in', `${issuer} answers ${answer}`, 'Check OIDC_ISSUER')
  if (answer.startsWith('it calls')) return wrong('sign-in', `${issuer}: ${answer}`, 'OIDC_ISSUER must be that name, to the letter')
  return wrong(
    'sign-in',
    `${issuer} does not answer: ${answer}`,
    `${isOfTls(answer) ? "Renew the provider's certificate, or let Node trust its authority (NODE_EXTRA_CA_CERTS). " : ''}Staff cannot sign in; cards verify all the same. For an emergency: \`antin card suspend\``,
  )
}

/** The status of the answer, or what went wrong. */
async function ask(url: URL, read?: (response: Response) => Promise<number | string>): Promise<number | string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(patience) })
    if (response.ok && read) return await read(response)
    await response.body?.cancel()
    return response.status
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } }
    return cause?.code ?? message
  }
}

/** Whether this code of a failed request is of its certificate or of TLS. */
function isOfTls(code: string): boolean {
  return /CERT|SSL|TLS|UNABLE_TO_/.test(code)
}

function isPublic({ PUBLIC_URL: url }: Config): boolean {
  return url !== undefined && !/^http:\/\/(localhost|127\.0\.0\.1)/.test(url)
}
