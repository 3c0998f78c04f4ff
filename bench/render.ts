import { openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sealedUrl, shortUrl } from '../core/credential/qr.ts'
import { seal } from '../core/credential/sealed.ts'
import { parseAgencyCode } from '../core/identity/agencyCode.ts'
import { makeCardSerial } from '../core/identity/cardSerial.ts'
import { signEs256 } from '../server/keys/es256.ts'
import { writeCardPdf } from '../server/printing/pdf/cardPdf.ts'
import type { CardView } from '../server/printing/render/cardView.ts'
import { renderCard } from '../server/printing/render/renderCard.ts'
import { renderDiploma } from '../server/printing/render/renderDiploma.ts'
import { loadTemplate, templatesFolder } from '../server/printing/render/template.ts'
import { benchKey, referenceCard, referenceOrigin } from './referenceCard.ts'
import { drawnPhoto } from './rendered/drawnPhoto.ts'
import type { Report } from './report.ts'

/** Cards to PDF: one file each (goal 400/s on one core), and 10,000 in one file (goal under 60 s and 1 GB). */
export async function run(report: Report): Promise<void> {
  const template = templateOf('the-cong-chuc-838')
  const cards = await referenceCards(200)
  for (const card of cards.slice(0, 60)) renderCard({ template, card }).pdf()

  const cpu = process.cpuUsage()
  let start = performance.now()
  for (const card of cards) renderCard({ template, card }).pdf()
  const used = process.cpuUsage(cpu)
  report({ case: 'card PDF, one file each', rate: (cards.length / (performance.now() - start)) * 1000, unit: 'cards/s', limit: 400 })
  report({ case: 'card PDF, by processor time', rate: cards.length / ((used.user + used.system) / 1e6), unit: 'cards/s', limit: 400 })

  start = performance.now()
  for (const card of cards.slice(0, 50)) renderCard({ template, card }).svg('front')
  report({ case: 'SVG of a side', rate: 50_000 / (performance.now() - start), unit: 'sides/s' })
  start = performance.now()
  for (const card of cards.slice(0, 6)) await renderCard({ template, card }).png(300, 'back')
  report({ case: 'PNG of a side, 300 dpi', rate: 6000 / (performance.now() - start), unit: 'sides/s' })

  const count = 10_000
  const path = join(tmpdir(), `antin-bench-${process.pid}.pdf`)
  const file = openSync(path, 'w')
  try {
    start = performance.now()
    function* run() {
      for (let i = 0; i < count; i++) yield cards[i % cards.length] as CardView
    }
    let peak = 0
    writeCardPdf({ template, cards: run(), title: 'bench' }, chunk => {
      writeSync(file, chunk)
      peak = Math.max(peak, process.memoryUsage.rss())
    })
    const seconds = (performance.now() - start) / 1000
    report({ case: '10,000 cards in one file', rate: seconds, unit: 's', limit: 60 })
    report({ case: '10,000 cards, resident memory at most', rate: peak / 1e6, unit: 'MB', limit: 1000 })
    report({ case: '10,000 cards, size', rate: statSync(path).size / 1e6, unit: 'MB' })
  } finally {
    rmSync(path)
  }

  const diplomaTemplate = templateOf('van-bang')
  const diploma = JSON.parse(readFileSync(new URL('van-bang/sample.json', templatesFolder), 'utf8'))
  diploma.sealedUrl = cards[0]!.sealedUrl
  renderDiploma({ template: diplomaTemplate, diploma }).pdf()
  start = performance.now()
  for (let i = 0; i < 30; i++) renderDiploma({ template: diplomaTemplate, diploma: { ...diploma, number: `A${i}` } }).pdf()
  report({ case: 'diploma, PDF/A-3a and PDF/UA-1', rate: 30_000 / (performance.now() - start), unit: 'diplomas/s' })
}

const templateOf = (name: string) => loadTemplate(fileURLToPath(new URL(name, templatesFolder)))

/** Cards like the reference card, each with its own name, seal and picture. */
export async function referenceCards(count: number): Promise<CardView[]> {
  const { privateKey } = benchKey()
  const cards: CardView[] = []
  for (let i = 0; i < count; i++) {
    const serial = makeCardSerial(parseAgencyCode('G09'), 2026, i + 1)
    const claims = { ...referenceCard, cti: crypto.getRandomValues(new Uint8Array(16)), card: { ...referenceCard.card, serial } }
    const sealed = await seal({ kid: new Uint8Array(8), claims, sign: message => signEs256(privateKey, message) })
    cards.push({
      fullName: referenceCard.card.fullName,
      position: referenceCard.card.position,
      managingAgency: 'Bộ Nội vụ',
      usingAgency: 'Vụ Công chức – Viên chức',
      cardNumber: `G09.001185${String(i).padStart(6, '0')}.CC`,
      serial,
      category: 'CC',
      expiresOn: '31/12/2031',
      issuedOn: '20/11/2026',
      photo: await drawnPhoto(i),
      sealedUrl: sealedUrl(referenceOrigin, sealed),
      shortUrl: shortUrl(referenceOrigin, crypto.getRandomValues(new Uint8Array(16))),
      verifyAddress: new URL(referenceOrigin).host,
    })
  }
  return cards
}
