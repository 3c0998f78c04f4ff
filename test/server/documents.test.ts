import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { errorCodes } from '../../core/errors.ts'
import { schemaText } from '../../server/db/catalogueTable.ts'
import { problemStatus } from '../../server/http/problemStatus.ts'
import { useDatabase } from '../support/database.ts'
import { errorsDocument } from '../support/errorsDocument.ts'

const db = useDatabase()
const schemaFile = new URL('../../server/db/schema.sql', import.meta.url)

test('docs/errors.md lists every error code with its status (write it with UPDATE=1)', async () => {
  const file = new URL('../../docs/errors.md', import.meta.url)
  const expected = errorsDocument(errorCodes, problemStatus)
  if (process.env.UPDATE) (await import('node:fs')).writeFileSync(file, expected)
  expect(readFileSync(file, 'utf8')).toBe(expected)
})

test('server/db/schema.sql is what the migrations make (write it with UPDATE=1)', async () => {
  const client = await db.pool.connect()
  try {
    const expected = await schemaText(client)
    if (process.env.UPDATE) (await import('node:fs')).writeFileSync(schemaFile, expected)
    expect(existsSync(schemaFile) ? readFileSync(schemaFile, 'utf8') : '').toBe(expected)
  } finally {
    client.release()
  }
})
