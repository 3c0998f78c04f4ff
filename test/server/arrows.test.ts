import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'

const root = fileURLToPath(new URL('../../', import.meta.url))
const cruise = (cwd: string, ...folders: string[]) =>
  promisify(execFile)(
    process.execPath,
    [join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'), '--config', '.dependency-cruiser.mjs', ...folders],
    {
      cwd,
      maxBuffer: 1 << 24,
    },
  )

test('every import follows the arrows of .dependency-cruiser.mjs', async () => {
  const { stdout } = await cruise(root, 'core', 'server', 'cli', 'web')
  expect(stdout).toMatch(/no dependency violations found \([3-9]\d\d|\d{4,} modules/)
})

test('the check sees a forbidden import', async () => {
  // In a house of its own: other tests read this one's files meanwhile.
  const house = mkdtempSync(join(tmpdir(), 'antin-arrows-'))
  try {
    copyFileSync(join(root, '.dependency-cruiser.mjs'), join(house, '.dependency-cruiser.mjs'))
    symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'))
    mkdirSync(join(house, 'core'))
    writeFileSync(join(house, 'core/x.ts'), "import { readFileSync } from 'node:fs'\nexport const x = readFileSync\n")
    await expect(cruise(house, 'core')).rejects.toMatchObject({ stdout: expect.stringContaining('core-is-pure') })
  } finally {
    rmSync(house, { recursive: true })
  }
})
