import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { parseRoleNames } from './staff/roleNames.ts'

const list = z
  .string()
  .default('')
  .transform(text =>
    text
      .split(',')
      .map(part => part.trim())
      .filter(Boolean),
  )
const addresses = list.pipe(z.array(z.url({ protocol: /^https?$/ })))
const roleNames = z
  .string()
  .default('')
  .transform((text, context) => {
    try {
      return parseRoleNames(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message })
      return z.NEVER
    }
  })
const databaseUrl = z.string().refine(text => {
  // Else `p@ss/w` of a password is taken for the host.
  const url = URL.parse(text)
  return url !== null && /^postgres(ql)?:$/.test(url.protocol) && !url.pathname.includes('@')
}, 'postgres://ROLE:PASSWORD@HOST/DATABASE, with @ : / ? # % of the password as %40 %3A %2F %3F %23 %25')
// What stands behind the host would be lost in silence: everything is served at the root.
const origin = z
  .url({ protocol: /^https?$/ })
  .refine(text => URL.parse(text)?.href === `${URL.parse(text)?.origin}/`, 'https://HOST, without path, query or user')
const proxies = z
  .string()
  .default('false')
  .refine(
    text => /^(true|false|\d+)$/.test(text) || text.split(',').every(one => isProxy(one.trim())),
    'true, false, a number, or addresses by comma: 10.0.0.1, 10.0.0.0/8, loopback, linklocal, uniquelocal',
  )
  .transform(trustProxyOf)
const flag = z
  .enum(['true', 'false', '1', '0'])
  .default('false')
  .transform(value => value === 'true' || value === '1')

/** Every variable there is; `docs/operations.md` explains each. */
export const configSchema = z.object({
  ANTIN_HOME: z.string().default('.antin'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  HOST: z.string().default('127.0.0.1'),
  PUBLIC_URL: origin.optional(),
  LOG_ORIGIN: z
    .string()
    .regex(/^[^\s+]+$/u, 'no white space, no +')
    .optional(),
  TRUST_PROXY: proxies,
  TLS_CERT_FILE: z.string().optional(),
  TLS_KEY_FILE: z.string().optional(),
  DATABASE_URL: databaseUrl.optional(),
  DATABASE_POOL: z.coerce.number().int().min(1).max(200).default(16),
  CHAIN: z.enum(['none', 'evm']).default('evm'),
  CHAIN_RPC_URLS: addresses,
  CHAIN_ID: z.coerce.number().int().positive().optional(),
  CHAIN_CONTRACT: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/)
    .optional(),
  ANCHOR_INTERVAL_SECONDS: z.coerce.number().int().min(1).default(600),
  CHAIN_FINALITY_DEPTH: z.coerce.number().int().min(0).optional(),
  OIDC_ISSUER: z.url({ protocol: /^https?$/ }).optional(),
  OIDC_CLIENT_ID: z.string().default('antin-console'),
  OIDC_CLIENT_SECRET: z.string().optional(),
  OIDC_CLI_CLIENT_ID: z.string().default('antin-cli'),
  OIDC_ROLES_CLAIM: z.string().default('roles'),
  OIDC_ROLE_NAMES: roleNames,
  OIDC_AGENCY_CLAIM: z.string().default('agency'),
  OIDC_OFFICER_CLAIM: z.string().default('officer'),
  OIDC_STEP_UP_ACR: z.string().default('urn:antin:mfa'),
  API_AUDIENCE: z.string().default('urn:antin:api'),
  MASTER_KEY_FILE: z.string().optional(),
  KEY_PASSPHRASE_FILE: z.string().optional(),
  KEY_WAIT_HOURS: z.coerce.number().min(0).default(24),
  PKCS11_MODULE: z.string().optional(),
  PKCS11_PIN_FILE: z.string().optional(),
  DOCUMENT_SIGNATURE: z.enum(['pkcs1', 'pss']).default('pkcs1'),
  TSA_URL: z.url({ protocol: /^https?$/ }).optional(),
  WITNESS_URLS: addresses,
  WITNESS_QUORUM: z.coerce.number().int().min(0).default(0),
  CARD_TERM_YEARS: z.coerce.number().int().min(1).max(20).default(5),
  LEGAL_BASIS: z.string().default('QĐ 838/QĐ-BNV ngày 25/10/2023'),
  WEBHOOK_ALLOW_PRIVATE: flag,
  RETAIN_AUDIT_MONTHS: z.coerce.number().int().min(24).default(24),
  RETAIN_IMPORT_ROWS_DAYS: z.coerce.number().int().min(1).max(30).default(30),
  RETAIN_LOOKUP_DAYS: z.coerce.number().int().min(0).max(30).default(1),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OTEL_SERVICE_NAME: z.string().default('antin'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
  METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  ANTIN_DRAIN_MS: z.coerce.number().int().min(0).max(600_000).default(5000),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
})

export type Config = z.infer<typeof configSchema>

/** The configuration from environment variables; the only reader of process.env. Throws one line that names every variable at fault. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([name, value]) => name in configSchema.shape && value !== ''))
  const parsed = configSchema.safeParse(given)
  if (!parsed.success) {
    const faults = parsed.error.issues.map(issue => `${issue.path.join('.')} (${issue.message})`)
    throw new Error(`Configuration cannot be used: ${faults.join('; ')}`)
  }
  if ((parsed.data.TLS_CERT_FILE === undefined) !== (parsed.data.TLS_KEY_FILE === undefined))
    throw new Error('Configuration cannot be used: TLS_CERT_FILE and TLS_KEY_FILE go together')
  if (parsed.data.CHAIN_CONTRACT && !parsed.data.CHAIN_ID) throw new Error('Configuration cannot be used: CHAIN_CONTRACT needs CHAIN_ID')
  return { ...parsed.data, ANTIN_HOME: resolve(parsed.data.ANTIN_HOME.replace(/^~(?=\/|$)/, homedir())) }
}

/** A path below ANTIN_HOME. */
export function homePath(config: Pick<Config, 'ANTIN_HOME'>, ...parts: string[]): string {
  return join(config.ANTIN_HOME, ...parts)
}

/** As Express's `trust proxy` takes them. */
function isProxy(text: string): boolean {
  return /^(loopback|linklocal|uniquelocal)$/.test(text) || ipaddr.isValid(text) || ipaddr.isValidCIDR(text)
}

function trustProxyOf(text: string): boolean | number | string {
  if (text === 'true') return true
  if (text === 'false') return false
  return /^\d+$/.test(text) ? Number(text) : text
}
