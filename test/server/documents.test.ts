import { existsSync, readdirSync, readFileSync } from 'node:fs'
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

test('every error code is thrown somewhere', () => {
  const root = new URL('../../', import.meta.url)
  const sources = ['core', 'server', 'cli'].flatMap(folder =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts') && name !== 'errors.ts' && name !== 'http/problemStatus.ts')
      .map(name => readFileSync(new URL(`${folder}/${name}`, root), 'utf8')),
  )
  expect(Object.keys(errorCodes).filter(code => !sources.some(source => source.includes(`'${code}'`)))).toEqual([])
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

test('every file that a document or the README names exists', () => {
  const root = new URL('../../', import.meta.url)
  const documents = [
    'README.md',
    ...readdirSync(new URL('docs', root))
      .filter(name => name.endsWith('.md'))
      .map(name => `docs/${name}`),
  ]
  for (const document of documents) {
    const text = readFileSync(new URL(document, root), 'utf8')
    const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(match => new URL(match[1]!, new URL(document, root)))
    const paths = [...text.matchAll(/`((?:core|server|web|cli|test|bench|docs|deploy|contracts|card-templates)\/[\w./-]+\.\w+)`/g)].map(
      match => new URL(match[1]!.endsWith('.test.ts') && !match[1]!.startsWith('test/') ? `test/${match[1]}` : match[1]!, root),
    )
    for (const file of [...links, ...paths]) if (!existsSync(file)) throw new Error(`${document} names ${file.pathname}`)
  }
})
