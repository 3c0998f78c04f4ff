import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'

const root = fileURLToPath(new URL('../../', import.meta.url))
const cruise = (...folders: string[]) =>
  promisify(execFile)(
    process.execPath,
    [join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'), '--config', '.dependency-cruiser.mjs', ...folders],
    {
      cwd: root,
      maxBuffer: 1 << 24,
    },
  )

test('every import follows the arrows of .dependency-cruiser.mjs', async () => {
  const { stdout } = await cruise('core', 'server', 'cli', 'web')
  expect(stdout).toMatch(/no dependency violations found \([3-9]\d\d|\d{4,} modules/)
})

test('the check sees a forbidden import', async () => {
  const folder = mkdtempSync(join(root, 'core/forbidden-'))
  try {
    writeFileSync(join(folder, 'x.ts'), "import { readFileSync } from 'node:fs'\nexport const x = readFileSync\n")
    await expect(cruise('core')).rejects.toMatchObject({ stdout: expect.stringContaining('core-is-pure') })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
