import { z } from 'zod'
import { tryLocked } from '../db/tryLocked.ts'
import { enqueue } from '../jobs/enqueue.ts'
import type { Task } from '../jobs/worker.ts'
import { commitImport } from './commitImport.ts'
import type { ImportDeps } from './importDeps.ts'
import { stalledImports, sweepImports } from './importsTable.ts'
import { readImportFile } from './readImportFile.ts'

const payloadSchema = z.object({ importId: z.uuid() })

/** Jobs of imports. `sweepImports` is for a clock, each minute: it takes up imports whose worker died and deletes what has ended. */
export function importTasks(deps: ImportDeps): Record<'readImport' | 'commitImport' | 'sweepImports', Task> {
  return {
    async readImport(payload) {
      const { importId } = payloadSchema.parse(payload)
      await tryLocked(deps.pool, `antin/import/${importId}`, () => readImportFile(deps, importId))
    },
    async commitImport(payload) {
      const { importId } = payloadSchema.parse(payload)
      await tryLocked(deps.pool, `antin/import/${importId}`, () => commitImport(deps, importId))
    },
    async sweepImports() {
      await resumeImports(deps, 120)
      await sweepImports(deps.pool)
    },
  }
}

/** Enqueues again the imports that were in work and gave no sign of life for `seconds`; at the start of the only worker, 0. */
export async function resumeImports(deps: Pick<ImportDeps, 'pool'>, seconds: number): Promise<void> {
  for (const { id, state } of await stalledImports(deps.pool, seconds))
    await enqueue(deps.pool, state === 'reading' ? 'readImport' : 'commitImport', { importId: id }, { key: `import-resumed:${id}` })
}
