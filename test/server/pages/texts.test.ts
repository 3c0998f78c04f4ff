import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { errorCodes } from '../../../core/errors.ts'
import { categories } from '../../../core/identity/category.ts'
import { statusReasonCodes } from '../../../server/cards/statusReasons.ts'
import { agencyColumns } from '../../../server/imports/agencyRow.ts'
import { officerColumns } from '../../../server/imports/officerColumns.ts'
import { officerStatuses } from '../../../server/officers/searchOfficers.ts'
import { plasticStates } from '../../../server/printing/jobs/printJobsTable.ts'
import { requestKinds } from '../../../server/requests/requestKinds.ts'
import { roles } from '../../../server/staff/actor.ts'
import { permissions } from '../../../server/staff/authorize.ts'
import { findings } from '../../../server/tables/finding.ts'
import { filesBelow, textsUsed } from '../../support/textsUsed.ts'

const folder = join(import.meta.dirname, '../../../server/pages/locales')
const read = (name: string): Record<string, string> => JSON.parse(readFileSync(join(folder, name), 'utf8'))
const vi = read('vi.json')
const en = read('en.json')
const placeholders = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()
const used = textsUsed()

test('every text is there in both languages, with the same values in it', () => {
  expect(Object.keys(en)).toEqual(Object.keys(vi))
  for (const [key, text] of Object.entries(vi)) {
    expect([key, text.trim() === text && text !== '' && en[key]!.trim() === en[key]]).toEqual([key, true])
    expect([key, placeholders(en[key]!)]).toEqual([key, placeholders(text)])
    expect([key, text.normalize('NFC') === text]).toEqual([key, true])
  }
})

test('every text that a page asks for exists', () => {
  expect([...used.keys].filter(key => vi[key] === undefined)).toEqual([])
  expect([...used.prefixes].filter(prefix => !Object.keys(vi).some(key => key.startsWith(prefix)))).toEqual([])
})

test('no text is unused', () => {
  const isUsed = (key: string) =>
    used.keys.has(key) || used.keys.has(key.replace(/\.one$/, '')) || [...used.prefixes].some(prefix => key.startsWith(prefix))
  expect(Object.keys(vi).filter(key => !isUsed(key))).toEqual([])
})

test('the public pages’ texts do not hide a text of the console', () => {
  const flat = (node: object, prefix = ''): string[] =>
    Object.entries(node).flatMap(([name, value]) =>
      typeof value === 'string' ? [prefix + name] : flat(value as object, `${prefix}${name}.`),
    )
  expect(flat(read('public/vi.json')).filter(key => vi[key] !== undefined)).toEqual([])
})

test('whatever a table of ours can say has a text', () => {
  const wanted = [
    ...Object.keys(requestKinds).map(kind => `request.kind.${kind}`),
    ...Object.keys(permissions).map(name => `permission.${name}`),
    ...roles.map(role => `role.${role}`),
    ...statusReasonCodes.map(code => `reason.${code}`),
    ...categories.map(category => `category.${category}`),
    ...officerStatuses.map(status => `officer.status.${status}`),
    ...plasticStates.map(state => `print.state.${state}`),
    ...[...officerColumns, ...agencyColumns].map(column => `field.${column.name}`),
    ...Object.entries(findings)
      .filter(([, finding]) => finding.severity !== 'refused')
      .map(([code]) => `warning.${code}`),
  ]
  expect(wanted.filter(key => vi[key] === undefined)).toEqual([])
})

test('every action of the audit and every outcome of a request has words', () => {
  const sources = filesBelow(join(folder, '../..')).map(file => readFileSync(file, 'utf8'))
  const actions = sources.flatMap(source => [...source.matchAll(/\baction: (?:\w+ \? '([a-z-]+\.[a-z-]+)' : )?'([a-z-]+\.[a-z-]+)'/g)])
  const named = actions.flatMap(([, one, other]) => [one, other]).filter(name => name !== undefined)
  expect(named.length).toBeGreaterThan(40)
  expect(named.filter(name => vi[`action.${name}`] === undefined)).toEqual([])
  const outcomes = sources.flatMap(source =>
    [...source.matchAll(/\b(?:outcome|otherwise): '([a-z-]+\.[a-z.-]+)'/g)].map(match => match[1]!),
  )
  expect(outcomes).toContain('request.changed')
  expect(outcomes.filter(code => vi[`outcome.${code}`] === undefined && vi[`problem.${code}`] === undefined)).toEqual([])
})

test('the texts of errors are about errors that exist', () => {
  const known = new Set<string>([...Object.keys(errorCodes), 'diploma.needs-decision', 'diploma.duplicate-in-file', 'diploma.no-number'])
  const named = Object.keys(vi).filter(key => key.startsWith('problem.') && key.split('.').length > 2 && !key.startsWith('problem.title.'))
  expect(named.map(key => key.slice('problem.'.length)).filter(code => !known.has(code))).toEqual([])
})

test('no template holds words of its own', () => {
  const views = [
    'overview',
    'officers',
    'request',
    'cards',
    'diplomas',
    'imports',
    'me',
    'keys',
    'agencies',
    'staff',
    'audit',
    'print',
    'review',
    'templates',
    'template',
    'key',
    'key-import',
    'key-endorse',
    'key-tokens',
  ]
  for (const view of views) {
    const source = readFileSync(join(folder, `../console/${view}.njk`), 'utf8')
      .replace(/\{[{%#][\s\S]*?[%}#]\}/g, '')
      .replace(/<[^>]*>/g, ' ')
    expect([view, /\p{L}{3,}/u.exec(source)?.[0] ?? '']).toEqual([view, ''])
  }
})
