import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { CliError, type CliIo } from '../../cli/io.ts'
import { templates } from '../../cli/templates.ts'
import { templatesFolder } from '../../server/printing/render/template.ts'

const dir = mkdtempSync(join(tmpdir(), 'antin-templates-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function recorded(): CliIo & { lines: string[]; errors: string[] } {
  const lines: string[] = []
  const errors: string[] = []
  return {
    lines,
    errors,
    out: line => void lines.push(line),
    err: line => void errors.push(line),
    progress: () => {},
    env: {},
    isTerminal: false,
  }
}

test('templates list names each with its title, kind and size', async () => {
  const io = recorded()
  expect(await templates(['list'], io)).toBe(0)
  expect(io.lines).toHaveLength(6)
  expect(io.lines.join('\n')).toContain('the-cong-chuc-838  Thẻ cán bộ, công chức, viên chức điện tử (card, 85.725 × 53.975 mm')
})

test('templates preview renders a card’s two sides and a document, with the sample’s data', async () => {
  const io = recorded()
  expect(await templates(['preview', 'don-gian-hien-dai', '--once', '--out', dir, '--dpi', '100'], io)).toBe(0)
  expect(await templates(['preview', 'chung-chi', '--once', '--out', dir, '--dpi', '60', '--json'], io)).toBe(0)
  for (const file of [
    'don-gian-hien-dai.pdf',
    'don-gian-hien-dai-front.png',
    'don-gian-hien-dai-back.png',
    'chung-chi.pdf',
    'chung-chi.png',
  ])
    expect(existsSync(join(dir, file))).toBe(true)
  expect(JSON.parse(io.lines.at(-1)!).files).toEqual([join(dir, 'chung-chi.pdf'), join(dir, 'chung-chi.png')])
})

test('templates list names file, line and reason of a template that only Typst refuses, and goes on', async () => {
  const folder = join(dir, 'co-quan')
  cpSync(new URL('chung-chi', templatesFolder), join(folder, 'chung-chi'), { recursive: true })
  cpSync(new URL('van-bang', templatesFolder), join(folder, 'van-bang'), { recursive: true })
  cpSync(new URL('don-gian-hien-dai', templatesFolder), join(folder, 'don-gian-hien-dai'), { recursive: true })
  const page = join(folder, 'chung-chi', 'page.typ')
  writeFileSync(page, readFileSync(page, 'utf8').replace('doc.holderName', 'doc.tenNguoi'))
  writeFileSync(join(folder, 'don-gian-hien-dai', 'template.json'), '{')
  const io = recorded()
  expect(await templates(['list', folder], io)).toBe(1)
  expect(io.lines).toEqual([
    expect.stringMatching(/^chung-chi {2}HỎNG: page\.typ, dòng \d+, cột \d+: .*tenNguoi/),
    expect.stringMatching(/^don-gian-hien-dai {2}HỎNG: template\.json: /),
    expect.stringMatching(/^van-bang {2}Văn bằng/),
  ])
  expect(await templates(['list', folder, '--json'], io)).toBe(1)
  expect(JSON.parse(io.lines[3]!).problem).toMatch(/^page\.typ:\d+:\d+: /)
})

test('a folder of one’s own is a template; broken, it gives file, line and reason; mended, it is rendered again by itself', async () => {
  const folder = join(dir, 'rieng')
  cpSync(new URL('the-cong-chuc-838', templatesFolder), folder, { recursive: true })
  const front = join(folder, 'front.typ')
  const good = readFileSync(front, 'utf8')
  writeFileSync(front, good.replace('card.position', 'card.chucvu'))
  const io = recorded()
  expect(await templates(['preview', folder, '--once', '--out', dir], io)).toBe(1)
  expect(io.errors[0]).toMatch(/^render\.template: front\.typ:\d+:\d+: dictionary does not contain key "chucvu"$/)

  const watching = templates(['preview', folder, '--out', join(dir, 'out'), '--dpi', '72'], io)
  const until = async (done: () => boolean) => {
    for (let i = 0; i < 200 && !done(); i++) await new Promise(next => setTimeout(next, 50))
    expect(done()).toBe(true)
  }
  await until(() => io.errors.some(line => line.startsWith('Watching')))
  writeFileSync(front, good)
  await until(() => existsSync(join(dir, 'out', 'the-cong-chuc-838-back.png')))
  await until(() => io.lines.length > 0)
  // As editors save: another file, renamed over this one; more than once, and also in a folder made meanwhile.
  const save = (path: string, text: string) => {
    writeFileSync(join(dir, 'saved'), text)
    renameSync(join(dir, 'saved'), path)
  }
  for (const key of ['mot', 'hai']) {
    save(front, good.replace('card.position', `card.${key}`))
    await until(() => io.errors.some(line => line.includes(`does not contain key "${key}"`)))
  }
  save(front, good.replace('card.position', 'read("them/ten.txt")'))
  await until(() => io.errors.some(line => line.includes('them/ten.txt')))
  const before = io.lines.length
  mkdirSync(join(folder, 'them'))
  await new Promise(next => setTimeout(next, 300))
  save(join(folder, 'them', 'ten.txt'), 'Chuyên viên')
  await until(() => io.lines.length > before)
  process.emit('SIGTERM')
  expect(await watching).toBe(0)
})

test('wrong usage is 64, an unknown template names those there are', async () => {
  const io = recorded()
  await expect(templates([], io)).rejects.toMatchObject({ exitCode: 64 })
  await expect(templates(['preview', 'the-cong-chuc-838', '--dpi', '5'], io)).rejects.toBeInstanceOf(CliError)
  await expect(templates(['preview', 'khong-co'], io)).rejects.toThrow('van-bang')
})
