import { createPrivateKey, X509Certificate } from 'node:crypto'
import { constants } from 'node:fs'
import { access, readFile, stat, statfs } from 'node:fs/promises'
import { type Config, homePath } from '../../config.ts'
import { type Finding, ok, warning, wrong } from './finding.ts'

const leastBytes = 2 * 1024 ** 3
const day = 86_400

/** Secrets, disk and certificate. `now` in seconds. */
export async function filesFindings(config: Config, now: number): Promise<Finding[]> {
  return [...(await secretFindings(config)), ...(await diskFindings(config)), ...(await certificateFindings(config, now))]
}

async function secretFindings(config: Config): Promise<Finding[]> {
  const given = [config.TLS_KEY_FILE, config.PKCS11_PIN_FILE].flatMap(file => file ?? [])
  const files = [
    config.MASTER_KEY_FILE ?? homePath(config, 'keys', 'master.key'),
    config.KEY_PASSPHRASE_FILE ?? homePath(config, 'keys', 'passphrase'),
    ...['log.p8', 'anchor.p8', 'gas.key'].map(name => homePath(config, 'keys', name)),
    ...given,
  ]
  const findings: Finding[] = []
  for (const file of files) {
    try {
      await access(file, constants.R_OK)
      const { mode } = await stat(file)
      if ((mode & 0o077) !== 0) findings.push(wrong('secrets', `${file} is readable by others`, `chmod 600 ${file}`))
    } catch (error) {
      findings.push(
        (error as NodeJS.ErrnoException).code === 'EACCES'
          ? wrong('secrets', `${file} may not be read by this user (uid ${process.getuid?.()})`, `chown it to the user that runs antin`)
          : wrong(
              'secrets',
              `${file} is missing`,
              given.includes(file)
                ? 'Put it there, or correct the setting that names it'
                : 'Copy it from another server or the backup; on a new installation run `antin migrate` once',
            ),
      )
    }
  }
  return findings.length > 0 ? findings : [ok('secrets', `${files.length} files, readable by their owner only`)]
}

async function diskFindings(config: Config): Promise<Finding[]> {
  try {
    await access(config.ANTIN_HOME, constants.W_OK)
    const disk = await statfs(config.ANTIN_HOME)
    const free = disk.bavail * disk.bsize
    return [
      free > leastBytes
        ? ok('disk', `${Math.round(free / 1024 ** 3)} GiB free in ${config.ANTIN_HOME}`)
        : wrong(
            'disk',
            `${Math.round(free / 1024 ** 2)} MiB free in ${config.ANTIN_HOME}`,
            'Make room; look at the disk of PostgreSQL too, it stops when it is full',
          ),
    ]
  } catch {
    return [
      wrong(
        'disk',
        `${config.ANTIN_HOME} may not be written by this user`,
        'ANTIN_HOME holds built pages and the newest checkpoint: chown it, or mount it writable',
      ),
    ]
  }
}

async function certificateFindings({ TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile }: Config, now: number): Promise<Finding[]> {
  if (!certFile || !keyFile) return []
  const renew = 'Renew it and put it in its place; it is taken up within a minute, without a restart'
  try {
    const certificate = new X509Certificate(await readFile(certFile))
    if (!certificate.checkPrivateKey(createPrivateKey(await readFile(keyFile))))
      return [wrong('certificate', `${keyFile} is not the key of ${certFile}`, 'Put the key and the certificate of one request into place')]
    const left = Math.floor((certificate.validToDate.getTime() / 1000 - now) / day)
    if (left < 0) return [wrong('certificate', `${certFile} expired on ${certificate.validTo}`, renew)]
    if (left < 14) return [warning('certificate', `${certFile} expires in ${left} days`, renew)]
    return [ok('certificate', `${certFile}, ${left} days left`)]
  } catch (error) {
    return [
      wrong(
        'certificate',
        `${certFile} or ${keyFile} cannot be used: ${(error as Error).message}`,
        'Both are PEM files; the certificate first, then its chain',
      ),
    ]
  }
}
