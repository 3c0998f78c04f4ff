import { stat } from 'node:fs/promises'
import type { Pool } from 'pg'
import { AppError } from '../../../core/errors.ts'
import { type Config, homePath } from '../../config.ts'
import { parsePkcs11Uri } from '../../keys/keyStore.ts'
import { type KeyRow, readKeys } from '../../keys/keysTable.ts'
import { pkcs11Tokens } from '../../keys/pkcs11Tokens.ts'
import { type Finding, ok, wrong } from './finding.ts'

/** Whether the private keys that sign for agencies can be reached: files by their mode, tokens without their PIN. Nothing is opened. */
export async function agencyKeyFindings(pool: Pool, config: Config): Promise<Finding[]> {
  const keys = (await readKeys(pool)).filter(key => key.retiredAt === null && key.compromise === null)
  const [files, onTokens] = [keys.filter(key => key.form === 'file'), keys.filter(key => key.form === 'pkcs11')]
  const findings = [...(await fileFindings(files, config)), ...(await tokenFindings(onTokens, config))]
  return findings.length > 0 || keys.length === 0 ? findings : [ok('agency-keys', `${keys.length} can be reached`)]
}

async function fileFindings(keys: readonly KeyRow[], config: Config): Promise<Finding[]> {
  const missing: KeyRow[] = []
  const open: KeyRow[] = []
  for (const key of keys) {
    const found = await stat(homePath(config, 'keys', 'agencies', key.location)).catch(() => null)
    if (found === null) missing.push(key)
    else if ((found.mode & 0o077) !== 0) open.push(key)
  }
  const folder = homePath(config, 'keys', 'agencies')
  return [
    ...(missing.length > 0
      ? [
          wrong(
            'agency-keys',
            `${missing.length} of ${keys.length} files are missing from ${folder}: ${namesOf(missing)}`,
            'Copy the folder from another server or the backup; where a file is lost for good, make a new key and retire the old one',
          ),
        ]
      : []),
    ...(open.length > 0
      ? [wrong('agency-keys', `${open.length} files in ${folder} are readable by others: ${namesOf(open)}`, `chmod 600 ${folder}/*`)]
      : []),
  ]
}

async function tokenFindings(keys: readonly KeyRow[], config: Config): Promise<Finding[]> {
  if (keys.length === 0 && !config.PKCS11_MODULE) return []
  if (!config.PKCS11_MODULE)
    return [wrong('agency-keys', `On a token: ${namesOf(keys)}; no library is configured`, 'Set PKCS11_MODULE and PKCS11_PIN_FILE')]
  try {
    const states = new Map((await pkcs11Tokens(config.PKCS11_MODULE)).map(token => [token.label, token.state]))
    const wanted = [...Map.groupBy(keys, key => parsePkcs11Uri(key.location).tokenLabel)]
    return wanted.flatMap(([label, held]) => {
      const state = states.get(label)
      if (state === 'ready' || state === 'write-protected') return []
      return [
        state === undefined
          ? wrong(
              'agency-keys',
              `The token "${label}" is not there: ${namesOf(held)}`,
              'Plug it in, or start its service; `antin keys tokens`',
            )
          : wrong('agency-keys', `The token "${label}" is ${state}: ${namesOf(held)}`, "Set its PIN anew with the vendor's tool"),
      ]
    })
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return [
      wrong('agency-keys', `${config.PKCS11_MODULE}: ${error.detail}`, 'Check PKCS11_MODULE, and that this user may read the library'),
    ]
  }
}

function namesOf(keys: readonly KeyRow[]): string {
  const names = keys.slice(0, 5).map(key => `${key.agency} ${key.use}`)
  return names.join(', ') + (keys.length > names.length ? ', …' : '')
}
