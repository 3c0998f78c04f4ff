import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../../../server/config.ts'
import { freePort } from '../../../server/db/freePort.ts'
import type { DemonstrationFile } from '../../../server/demonstration/describeDemonstration.ts'
import { runDemonstration } from '../../../server/demonstration/runDemonstration.ts'

/** A whole demonstration in a folder of its own, on free ports; without a chain it starts sooner. */
export async function startDemonstration(): Promise<{ file: DemonstrationFile; home: string; stop(): Promise<void> }> {
  const home = mkdtempSync(join(tmpdir(), 'antin-e2e-'))
  const { file, stop } = await runDemonstration(
    readConfig({ ANTIN_HOME: home, CHAIN: 'none', LOG_LEVEL: 'error' }),
    await freePort(),
    () => undefined,
  )
  return {
    file,
    home,
    async stop() {
      await stop()
      rmSync(home, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}
