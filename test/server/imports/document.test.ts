import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { importingDocument } from '../../support/importingDocument.ts'

test('docs/importing.md names every column and every finding', () => {
  expect(readFileSync(new URL('../../../docs/importing.md', import.meta.url), 'utf8')).toBe(importingDocument())
})
