import { randomBytes } from 'node:crypto'
import { beforeAll, expect, test } from '@jest/globals'
import type { EvidencePorts } from '../../core/verification/evidence.ts'
import { gatherEvidence } from '../../core/verification/gatherEvidence.ts'
import type { Report } from '../../core/verification/report.ts'
import { verifyCredential } from '../../core/verification/verifyCredential.ts'
import { nodeCrypto } from '../../server/keys/nodeCrypto.ts'
import { publicTexts } from '../../server/pages/public/texts.ts'
import { html } from '../../web/platform/html.ts'
import { textFrom } from '../../web/platform/textFrom.ts'
import { dayText, timeText } from '../../web/platform/vietnamTime.ts'
import { resultHtml } from '../../web/result/resultHtml.ts'
import { type ResultView, resultView, type ViewContext } from '../../web/result/resultView.ts'
import { createPublicWorld, type PublicWorld } from '../support/publicWorld.ts'

const at = 1_790_000_000
let world: PublicWorld
beforeAll(async () => {
  world = await createPublicWorld({ origin: 'https://the.example', at, photo: randomBytes(900) })
})

const ports = (changes: (path: string) => 'absent' | 'unreachable' | undefined = () => undefined): EvidencePorts => ({
  async fetchFile(path) {
    const kind = changes(path)
    const content = world.files.get(path)
    if (kind === 'unreachable') return { kind }
    if (kind === 'absent' || content === undefined) return { kind: 'absent' }
    return { kind: 'found', bytes: typeof content === 'string' ? Buffer.from(content) : content, online: true }
  },
})
const report = async (sealed: Uint8Array, options: { now?: number; ports?: EvidencePorts; photo?: Uint8Array } = {}): Promise<Report> => {
  const { now = at, photo } = options
  const input = { sealed, photo }
  const evidence = await gatherEvidence(
    input,
    options.ports ?? ports(),
    { trustRoot: world.trustRoot, policy: 'standard', now },
    nodeCrypto,
  )
  return verifyCredential(input, evidence, 'standard', now, nodeCrypto)
}
const context = (changes: Partial<ViewContext> = {}): ViewContext => ({
  lang: 'vi',
  text: textFrom(publicTexts('vi')),
  sentence: check => check.code,
  photo: 'shown',
  offline: false,
  ...changes,
})
const said = ({ tone, title, reason }: ResultView) => [tone, title, reason]

test('a valid card is green only once its photo was compared', async () => {
  const { sealed } = world.cards.genuine
  const compared = await report(sealed, { photo: world.photo })
  expect(said(resultView(compared, context()))).toEqual(['good', 'Thẻ hợp lệ', ''])
  expect(resultView(compared, context()).advice).toBe(
    'Hãy so ảnh với người trước mặt. Thẻ hợp lệ không có nghĩa là người này đang được giao việc.',
  )
  const without = await report(sealed)
  expect(said(resultView(without, context({ photo: 'unavailable' })))).toEqual([
    'halfgood',
    'Chữ ký đúng, chưa đối chiếu ảnh',
    'Chưa tải được ảnh.',
  ])
  expect(resultView(await report(world.cards.noPhoto.sealed), context()).tone).toBe('halfgood')
  const other = await report(sealed, { photo: randomBytes(10) })
  expect(said(resultView(other, context()))[0]).toBe('bad')
})

test('one reason that matters, and nothing about the person of an ended card', async () => {
  const reasons = {
    expired: `Hết hiệu lực từ ${dayText(at - 10 * 86_400 + 1)}`,
    revoked: 'Thẻ đã bị thu hồi hoặc thay bằng thẻ khác',
    suspended: 'Thẻ đang tạm khóa',
    foreignKey: 'Không phải do cơ quan có thẩm quyền ký',
  } as const
  for (const [name, reason] of Object.entries(reasons)) {
    const card = world.cards[name as keyof typeof reasons]
    const found = await report(card.sealed)
    const view = resultView(found, context())
    expect(said(view)).toEqual(['bad', 'Thẻ không hợp lệ', reason])
    const parts = { view, report: found, text: context().text, sentence: context().sentence, checkedBy: '' }
    expect(resultHtml(parts).text).not.toContain(card.claims.card.fullName)
  }
})

test('an altered diploma is not called a card', async () => {
  const altered = Uint8Array.from(world.cards.genuine.sealed)
  altered[altered.length - 70]! ^= 1
  const found = await report(altered)
  expect(resultView(found, context({ claimedKind: 'card' })).title).toBe('Thẻ không hợp lệ')
  expect(resultView(found, context({ claimedKind: 'diploma' })).title).toBe('Văn bằng không hợp lệ')
})

test('what could not be checked is said, with what to do, and is never red', async () => {
  const { sealed } = world.cards.genuine
  const down = await report(sealed, { ports: ports(() => 'unreachable') })
  expect(said(resultView(down, context({ offline: true })))).toEqual([
    'unsure',
    'Chưa xác định được',
    'Chưa có mạng và máy này chưa có dữ liệu để kiểm tra',
  ])
  const noList = await report(sealed, { ports: ports(path => (path.startsWith('/status-lists') ? 'unreachable' : undefined)) })
  expect(said(resultView(noList, context()))).toEqual(['unsure', 'Chưa xác định được', 'Chưa biết thẻ có bị khóa hay thu hồi không'])
  const behind = await report(sealed, { now: at - 86_400 })
  expect(said(resultView(behind, context()))).toEqual(['unsure', 'Chưa xác định được', 'Đồng hồ điện thoại sai'])
})

test('of a diploma no sentence speaks of a card', async () => {
  const noLists = ports(path => (path.includes('status-lists') ? 'unreachable' : undefined))
  const { sealed } = world.diploma
  const open = resultView(await report(sealed, { ports: noLists }), context())
  expect(said(open)).toEqual(['unsure', 'Chưa xác định được', 'Chưa biết văn bằng có bị thu hồi không'])
  expect(open.advice).not.toMatch(/thẻ/)
  const [note] = resultView(await report(sealed), context({ offline: true })).notes
  expect(note).toMatch(/^Tình trạng văn bằng theo dữ liệu lúc/)
})

test('the age of the data is said offline and once it is no longer fresh', async () => {
  const found = await report(world.cards.genuine.sealed, { photo: world.photo })
  expect(resultView(found, context()).notes).toEqual([])
  expect(resultView(found, context({ offline: true })).notes).toEqual([`Tình trạng thẻ theo dữ liệu lúc ${timeText(at, at)}`])
})

test('markup in a name stays text', () => {
  const name = '<img src=x onerror=alert(1)>"\'&'
  expect(html`<p title="${name}">${name}</p>`.text).toBe(
    '<p title="&#60;img src=x onerror=alert(1)&#62;&#34;&#39;&#38;">&#60;img src=x onerror=alert(1)&#62;&#34;&#39;&#38;</p>',
  )
})

test('both languages have the same texts with the same places to fill in', () => {
  const places = (text: string) => (text.match(/\{\w+\}/g) ?? []).sort().join()
  const [vi, en] = [publicTexts('vi'), publicTexts('en')]
  expect(Object.keys(en)).toEqual(Object.keys(vi))
  for (const [section, texts] of Object.entries(vi)) {
    expect(Object.keys(en[section]!).sort()).toEqual(Object.keys(texts).sort())
    for (const [name, text] of Object.entries(texts)) expect([name, places(en[section]![name]!)]).toEqual([name, places(text)])
  }
})
