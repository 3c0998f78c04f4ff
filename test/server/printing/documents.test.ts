import { createHash } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import { degrees, PDFDocument, PDFName, type PDFPage, PDFRawStream } from '@cantoo/pdf-lib'
import { expect, test } from '@jest/globals'
import sharp from 'sharp'
import { embeddedFiles, receiptFileName, sealFileName } from '../../../core/pdf/embeddedFiles.ts'
import { PdfDocument } from '../../../core/pdf/pdfDocument.ts'
import { latin1, type PdfName, type PdfStream } from '../../../core/pdf/pdfSyntax.ts'
import { inspectPdf } from '../../../server/keys/inspectPdf.ts'
import { stampedCopy } from '../../../server/printing/pdf/stampedCopy.ts'
import { type Attachment, compileDiploma, renderDiploma } from '../../../server/printing/render/renderDiploma.ts'
import { compileTypst, typstPdf } from '../../../server/printing/render/typst.ts'
import { ownTemplate, readQrs, sampleDiploma } from '../../support/cardFixtures.ts'
import { rejectedCode, thrownCode } from '../../support/thrownCode.ts'

const documents = ['van-bang', 'chung-chi', 'ban-sao-tu-so-goc', 'trang-xac-nhan']
const attachments: Attachment[] = [
  {
    name: sealFileName,
    bytes: new Uint8Array([0xd2, 1, 2, 3]),
    mimeType: 'application/cose',
    description: 'Văn bằng đã niêm phong',
    relationship: 'data',
  },
  {
    name: receiptFileName,
    bytes: Buffer.from('{"v":1}'),
    mimeType: 'application/json',
    description: 'Biên nhận đăng ký',
    relationship: 'supplement',
  },
]

async function metadataOf(pdf: Uint8Array): Promise<{ xmp: string; catalog: Map<string, unknown> }> {
  const document = await PdfDocument.open(pdf)
  const catalog = await document.dict(document.trailer.get('Root'))
  const stream = await document.resolve(catalog?.get('Metadata'))
  return { xmp: Buffer.from(await document.decodedStream(stream as PdfStream)).toString('utf8'), catalog: catalog as Map<string, unknown> }
}

test.each(documents)(
  '%s: PDF/A-3a and PDF/UA-1 by its marks, tagged, with language and title; Typst itself accepts it as PDF/UA-1',
  async name => {
    const diploma = sampleDiploma(name)
    const template = ownTemplate(name)
    const { xmp, catalog } = await metadataOf(renderDiploma({ template, diploma, attachments }).pdf())
    expect(xmp).toContain('<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>')
    expect(xmp).toContain('<pdfuaid:part>1</pdfuaid:part>')
    expect(xmp).toContain('<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>')
    expect(xmp).toContain(`<rdf:li xml:lang="x-default">${diploma.title} – ${diploma.holderName}</rdf:li>`)
    expect(catalog.has('StructTreeRoot')).toBe(true)
    expect((catalog.get('ViewerPreferences') as Map<string, unknown>).get('DisplayDocTitle')).toBe(true)
    expect(() => typstPdf(compileDiploma(template, diploma, [], false), { standard: 'ua-1', tags: true })).not.toThrow()
  },
)

test('the seal and the receipt are associated files that come out as they went in', async () => {
  const pdf = renderDiploma({ template: ownTemplate('van-bang'), diploma: sampleDiploma(), attachments }).pdf()
  const document = await PdfDocument.open(pdf)
  const catalog = await document.dict(document.trailer.get('Root'))
  const associated = (await document.array(catalog?.get('AF'))) ?? []
  expect(associated).toHaveLength(2)
  const specifications = await Promise.all(associated.map(each => document.dict(each)))
  expect(specifications.map(each => (each!.get('AFRelationship') as PdfName).text)).toEqual(['Data', 'Supplement'])
  const files = await embeddedFiles(document)
  expect(files.map(({ name, mimeType }) => [name, mimeType]).sort()).toEqual([
    [sealFileName, 'application/cose'],
    [receiptFileName, 'application/json'],
  ])
  const inspection = await inspectPdf(pdf)
  expect(inspection.sealed).toEqual(attachments[0]!.bytes)
  expect(inspection.receipt).toBe('{"v":1}')
  expect(inspection.sha256).toBe(createHash('sha256').update(pdf).digest('hex'))
  expect(inspection.signature).toEqual({ outcome: 'none', coversWholeFile: false })
})

test('same diploma, same bytes; the only date is that of the data', async () => {
  const render = () => renderDiploma({ template: ownTemplate('van-bang'), diploma: sampleDiploma(), attachments }).pdf()
  const pdf = render()
  renderDiploma({ template: ownTemplate('chung-chi'), diploma: sampleDiploma('chung-chi') }).pdf()
  expect(Buffer.from(pdf).equals(render())).toBe(true)
  const dates = new Set(latin1(pdf).match(/D:\d{14}|\d{4}-\d\d-\d\dT[\d:]+/g))
  expect(dates).toEqual(new Set(['D:20261120000000', '2026-11-20T00:00:00']))
})

test.each(documents)('%s: its QR reads back at 300 dpi; a preview has none and carries nothing', async name => {
  const diploma = sampleDiploma(name)
  const template = ownTemplate(name)
  const codes = await readQrs(await renderDiploma({ template, diploma }).png(300))
  expect(codes.map(each => each.text)).toEqual([diploma.sealedUrl])
  const preview = renderDiploma({ template, diploma, attachments, preview: true })
  expect((await readQrs(await preview.png(100))).filter(each => each.text.includes('http'))).toEqual([])
  expect((await inspectPdf(preview.pdf())).attachments).toEqual([])
})

test.each(documents)('%s holds every text that the register takes, at its longest', name => {
  const longest = (length: number) => 'Trường Đào tạo, bồi dưỡng nghiệp vụ lãnh đạo quản lý Nông nghiệp '.repeat(4).slice(0, length).trim()
  const diploma = sampleDiploma(name, {
    issuer: longest(200),
    parentAgency: longest(200),
    institutionThen: longest(200),
    title: longest(160),
    holderName: longest(80),
    field: longest(160),
    classification: longest(60),
    number: 'A'.repeat(40),
    registerNumber: '0123456789'.repeat(4),
    validUntil: '31/12/2031',
  })
  expect(thrownCode(() => compileDiploma(ownTemplate(name), diploma, [], false))).toBe('none')
  const { signatory: _, ...unsigned } = diploma
  expect(thrownCode(() => compileDiploma(ownTemplate(name), unsigned, [], false))).toBe('none')
})

test('place and day stand as official papers write them: no zero before March, a capital where no place is known', () => {
  const lineOf = (place: string, day: string) => {
    const call = `#import "/antin.typ": place-and-day\n#assert.eq(place-and-day(${place}, "${day}"), `
    return (line: string) => thrownCode(() => compileTypst(`${call}"${line}")`))
  }
  expect(lineOf('"Hà Nội"', '05/02/2026')('Hà Nội, ngày 05 tháng 02 năm 2026')).toBe('none')
  expect(lineOf('"Hà Nội"', '21/03/2026')('Hà Nội, ngày 21 tháng 3 năm 2026')).toBe('none')
  expect(lineOf('none', '01/12/2026')('Ngày 01 tháng 12 năm 2026')).toBe('none')
})

test('a text that does not fit, a missing one, a wrong day are refused by name', () => {
  for (const name of documents) {
    for (const field of ['holderName', 'title', 'issuer', 'field'] as const) {
      const diploma = sampleDiploma(name, { [field]: 'Quản lý nhà nước về kinh tế '.repeat(40).trim() })
      if (field === 'issuer' && name === 'trang-xac-nhan') continue
      expect(() => renderDiploma({ template: ownTemplate(name), diploma }).pdf()).toThrow(`render.text: ${field} does not fit`)
    }
  }
  const template = ownTemplate('van-bang')
  expect(() => renderDiploma({ template, diploma: sampleDiploma('van-bang', { holderName: '' }) }).pdf()).toThrow('holderName is required')
  expect(() => renderDiploma({ template, diploma: sampleDiploma('van-bang', { issuedOn: '2026-11-20' }) }).pdf()).toThrow(
    'issuedOn is not dd/mm/yyyy',
  )
  expect(thrownCode(() => renderDiploma({ template: ownTemplate('the-cong-chuc-838'), diploma: sampleDiploma() }).pdf())).toBe(
    'render.template',
  )
})

test('a stamped copy keeps the original’s pages, adds one and carries seal and receipt; the original is only read', async () => {
  const template = ownTemplate('trang-xac-nhan')
  const jpeg = new Uint8Array(
    await sharp({ create: { width: 600, height: 800, channels: 3, background: '#eee' } })
      .jpeg()
      .toBuffer(),
  )
  const png = new Uint8Array(
    await sharp({ create: { width: 800, height: 600, channels: 3, background: '#eee' } })
      .png()
      .toBuffer(),
  )
  const pdf = renderDiploma({ template: ownTemplate('van-bang'), diploma: sampleDiploma() }).pdf()
  for (const original of [pdf, jpeg, png]) {
    const before = createHash('sha256').update(original).digest('hex')
    const diploma = sampleDiploma('trang-xac-nhan', { documentSha256: before })
    const make = () =>
      stampedCopy({
        original,
        stamp: renderDiploma({ template, diploma }).pdf(),
        attachments,
        title: 'Bản sao có xác nhận',
        madeAt: new Date('2026-11-20T00:00:00Z'),
      })
    const copy = await make()
    expect(createHash('sha256').update(original).digest('hex')).toBe(before)
    expect(Buffer.from(copy).equals(await make())).toBe(true)
    const document = await PdfDocument.open(copy)
    const catalog = await document.dict(document.trailer.get('Root'))
    expect((await document.dict(catalog?.get('Pages')))?.get('Count')).toBe(2)
    const inspection = await inspectPdf(copy)
    expect(inspection.sealed).toEqual(attachments[0]!.bytes)
    expect(inspection.receipt).toBe('{"v":1}')
  }
  const broken = stampedCopy({ original: Buffer.from('HEIC'), stamp: pdf, attachments: [], title: '', madeAt: new Date(0) })
  expect(await rejectedCode(broken)).toBe('pdf.syntax')
})

test('a stamped copy shows what was registered as it is seen: turned pictures upright, odd pages as they are, PNG on white', async () => {
  const template = ownTemplate('trang-xac-nhan')
  const stamp = renderDiploma({ template, diploma: sampleDiploma('trang-xac-nhan', { documentSha256: '0'.repeat(64) }) }).pdf()
  const copyOf = async (original: Uint8Array) =>
    PDFDocument.load(await stampedCopy({ original, stamp, attachments: [], title: 'x', madeAt: new Date(0) }))
  const facts = (page: PDFPage) => [Math.round(page.getWidth()), Math.round(page.getHeight()), page.getRotation().angle]
  const first = async (original: Uint8Array) => facts((await copyOf(original)).getPage(0))
  const sheet = sharp({ create: { width: 80, height: 60, channels: 4, background: { r: 200, g: 0, b: 0, alpha: 0.5 } } })
  expect(await first(await sheet.clone().jpeg().toBuffer())).toEqual([842, 595, 0])
  expect(await first(await sheet.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer())).toEqual([842, 595, 90])
  expect(await first(await sheet.clone().withMetadata({ orientation: 8 }).jpeg().toBuffer())).toEqual([842, 595, 270])
  const copy = await copyOf(await sheet.clone().png().toBuffer())
  const image = copy.context.enumerateIndirectObjects().flatMap(([, one]) => (one instanceof PDFRawStream ? [one] : []))
  const picture = image.find(one => String(one.dict.get(PDFName.of('Width'))) === '80')!
  // Each row begins with its filter; half transparent red on white.
  const rows = inflateSync(picture.contents)
  expect([rows.length, ...rows.subarray(1, 4)]).toEqual([60 * (1 + 80 * 3), 227, 127, 127])

  const odd = await PDFDocument.create()
  odd.addPage([400, 300]).setMediaBox(-200, 500, 400, 300)
  odd.addPage([595, 842]).setRotation(degrees(90))
  const pages = (await copyOf(await odd.save())).getPages()
  expect(pages.map(page => page.getMediaBox())[0]).toEqual({ x: -200, y: 500, width: 400, height: 300 })
  expect(pages.map(page => page.getRotation().angle)).toEqual([0, 90, 0])
  odd.encrypt({ ownerPassword: 'chu', userPassword: '', permissions: {} })
  expect(await rejectedCode(copyOf(await odd.save()))).toBe('pdf.encrypted')
  const bomb = await sharp({ create: { width: 11_000, height: 10_000, channels: 3, background: '#fff' } })
    .png()
    .toBuffer()
  expect(await rejectedCode(copyOf(bomb))).toBe('pdf.syntax')
})
