import type { AuditActor } from '../server/audit/auditTable.ts'
import { CliError, type CliIo } from './io.ts'
import type { openOperator } from './operator.ts'

type Operator = Awaited<ReturnType<typeof openOperator>>

/**
 * `antin keys rotate-data`: a new data key, and everything sealed at rest sealed anew under it, beside the running service. `--now` does not wait
 * for other processes: only when none runs. Run again after an interruption it goes on.
 */
export async function rotateData(operator: Operator, { now, json }: { now: boolean; json: boolean }, actor: AuditActor, io: CliIo) {
  const { rotateDataKey } = await import('../server/keys/rotateDataKey.ts')
  const rotation = await rotateDataKey({ pool: operator.pool, masterKey: await masterKeyOf(operator) }, actor, {
    ...(now ? { wait: { beforeSealing: 0, afterwards: 0 } } : {}),
    progress: line => io.progress(line),
  })
  const { keyId, moved, unreadable, left } = rotation
  io.progress('', true)
  if (json) io.out(JSON.stringify(rotation))
  else {
    io.out(`${moved} rows are now under data key ${keyId}.`)
    for (const { table, rows } of unreadable)
      io.err(`${table}: ${rows} rows are damaged or under a key that is gone; they are as they were.`)
    if (left > 0) io.err(`${left} rows were held by others to the end. Run the command again.`)
  }
  return unreadable.length > 0 || left > 0 ? 1 : 0
}

/** `antin keys rotate-master --to FILE`: wraps the data keys with the key in FILE, made when it is not there; then MASTER_KEY_FILE has to name it. */
export async function rotateMaster(operator: Operator, file: string | undefined, actor: AuditActor, io: CliIo): Promise<number> {
  if (!file) throw new CliError('Name the file of the new master key with --to FILE.', 64)
  const { inTransaction } = await import('../server/db/transaction.ts')
  const { rewrapDataKeys } = await import('../server/keys/fieldCipher.ts')
  const { readOrMakeSecret } = await import('../server/keys/secretFile.ts')
  const { recordAudit } = await import('../server/audit/auditTable.ts')
  const from = await masterKeyOf(operator)
  const to = readOrMakeSecret(file)
  const count = await inTransaction(operator.pool, async tx => {
    await recordAudit(tx, { actor, action: 'master-key.rotated' })
    return rewrapDataKeys(tx, from, to)
  })
  io.out(`${count} data keys are wrapped with ${file}. Set MASTER_KEY_FILE to it everywhere before any process is started again;`)
  io.out('running ones go on. Keep the old file as long as backups that need it.')
  return 0
}

async function masterKeyOf({ config }: Operator): Promise<Buffer> {
  const { homePath } = await import('../server/config.ts')
  const { readSecret } = await import('../server/keys/secretFile.ts')
  return readSecret(config.MASTER_KEY_FILE ?? homePath(config, 'keys', 'master.key'))
}
