import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { publicTexts } from '../../server/pages/public/texts.ts'

const root = join(import.meta.dirname, '../..')
const sources = ['web', 'server/pages/public'].flatMap(folder =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => /\.(ts|njk)$/.test(name) && !name.startsWith('console'))
    .map(name => readFileSync(join(root, folder, name), 'utf8').replace(/action: '[^']+'/g, '')),
)
const sections = Object.keys(publicTexts('vi')).join('|')

test('every text that a page or script asks for is there', () => {
  const asked = new Set(
    sources.flatMap(source =>
      [...source.matchAll(new RegExp(`['"\`](${sections})\\.(\\w+)['"\`]`, 'g'))].map(match => `${match[1]}.${match[2]}`),
    ),
  )
  const texts = publicTexts('vi')
  const missing = [...asked].filter(key => texts[key.split('.')[0]!]?.[key.split('.')[1]!] === undefined)
  expect(missing).toEqual([])
  expect(asked.size).toBeGreaterThan(150)
})

test('every text is asked for by some page or script', () => {
  const all = sources.join('\n')
  // These are put together: `result.category${n}`, `diploma.field…`, `diploma.${outcome}`.
  const composed =
    /^(result\.(category|basis)\d|diploma\.(field\w+|card|match|partial|corrected|revoked|suspended|expired|absent|unreadable|undetermined|forged))$/
  const unused = Object.entries(publicTexts('vi')).flatMap(([section, texts]) =>
    Object.keys(texts)
      .map(name => `${section}.${name}`)
      .filter(key => !composed.test(key) && !all.includes(`'${key}'`)),
  )
  expect(unused).toEqual([])
})

test('no template has words of its own', () => {
  const views = join(root, 'server/pages/public/views')
  for (const name of readdirSync(views)) {
    const words = readFileSync(join(views, name), 'utf8')
      .replace(/\{%[\s\S]*?%\}|\{\{[\s\S]*?\}\}|\{#[\s\S]*?#\}/g, '')
      .replace(/<(pre|svg|script|code)[\s\S]*?<\/\1>/g, '')
      .replace(/<[^>]*>/g, ' ')
    expect([
      name,
      words
        .match(/\p{L}{2,}/gu)
        ?.filter(
          word =>
            ![
              'Ấn',
              'Tín',
              'OpenAPI',
              'SHA',
              'chainId',
              'openapi',
              'json',
              'log',
              'tile',
              'checkpoint',
              'well',
              'known',
              'antin',
              'trust',
              'list',
              'root',
            ].includes(word),
        ) ?? [],
    ]).toEqual([name, []])
  }
})
