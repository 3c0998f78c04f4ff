import { deflateSync } from 'node:zlib'
import { PDFDocument } from '@cantoo/pdf-lib'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { AppError } from '../../../core/errors.ts'
import { embeddedFiles, textOf } from '../../../core/pdf/embeddedFiles.ts'
import { inflateStream } from '../../../core/pdf/inflateStream.ts'
import { PdfDocument } from '../../../core/pdf/pdfDocument.ts'
import { PdfKeyword, PdfName, PdfReader, PdfRef, PdfString } from '../../../core/pdf/pdfSyntax.ts'
import { pdfString, pdfText } from '../../../core/pdf/pdfText.ts'
import { signatureFields } from '../../../core/pdf/signatureFields.ts'
import { rejectedCode, thrownCode } from '../../support/thrownCode.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const read = (text: string) => new PdfReader(bytes(text)).value()
const pdfWith = (options: { useObjectStreams: boolean }) => async (fill: (document: PDFDocument) => Promise<void>) => {
  const document = await PDFDocument.create({ updateMetadata: false })
  document.addPage([100, 100])
  await fill(document)
  return document.save(options)
}

test('objects are read as ISO 32000-2, 7.3 writes them', () => {
  expect(read(' 12 0 R')).toEqual(new PdfRef(12, 0))
  expect(read('12 0 obj')).toBe(12)
  expect([read('-.5'), read('+7'), read('4.'), read('.25'), read('true'), read('null')]).toEqual([-0.5, 7, 4, 0.25, true, null])
  expect(read('/A#20B#2F')).toEqual(new PdfName('A B/'))
  expect(read('[1 2 3 0 R Do]')).toEqual([1, 2, new PdfRef(3, 0), new PdfKeyword('Do')])
  expect(read('<</A<</B(x)>>/C[/D]>>')).toBeInstanceOf(Map)
  expect(Buffer.from((read('(a\\(b(c)\\)\\101\\\n\\n\\8)') as PdfString).bytes).toString('latin1')).toBe('a(b(c))A\n8')
  expect((read('<4 8 4>') as PdfString).bytes).toEqual(Uint8Array.of(0x48, 0x40))
  expect(read('% a comment\n<41>')).toBeInstanceOf(PdfString)
  for (const bad of ['(never closed', '<12', '<1g>', '[1 2', '<</A', '<<1 2>>', '', ')', '['.repeat(200)])
    expect(thrownCode(() => read(bad))).toBe('pdf.syntax')
})

test('a Flate stream may be followed by the line end that its writer counted, and by nothing else', async () => {
  const content = bytes('a seal')
  const stream = deflateSync(content)
  for (const end of ['', '\n', '\r', '\r\n']) expect(await inflateStream(Buffer.concat([stream, bytes(end)]), 100)).toEqual(content)
  for (const end of [' ', '\n\n', 'x'])
    expect(await rejectedCode(inflateStream(Buffer.concat([stream, bytes(end)]), 100))).toBe('pdf.syntax')
})

test('what is written reads back the same', () => {
  const value = fc.letrec(tie => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc.boolean(),
      fc.integer({ min: -1e6, max: 1e6 }),
      fc.string({ unit: 'binary-ascii', minLength: 1 }).map(text => new PdfName(text)),
      fc.nat(10_000).map(number => new PdfRef(number, 0)),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.array(fc.tuple(fc.stringMatching(/^[A-Za-z]{1,8}$/), tie('any')), { maxLength: 4 }).map(entries => new Map(entries as never)),
    ),
  })).any
  fc.assert(fc.property(value, each => expect(read(`${pdfText(each as never, ref => ref.number)} `)).toEqual(each)))
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text =>
      expect(textOf((read(pdfString(text)) as PdfString).bytes)).toBe(text.toWellFormed()),
    ),
  )
})

test.each([true, false])('attachments come out of files with and without object streams (%s)', async useObjectStreams => {
  const file = await pdfWith({ useObjectStreams })(async document => {
    await document.attach(bytes('first'), 'một.txt', { mimeType: 'text/plain' })
    await document.attach(bytes('second'), 'hai.bin')
  })
  const document = await PdfDocument.open(file)
  expect(document.usesXrefStream).toBe(useObjectStreams)
  const files = await embeddedFiles(document)
  expect(files.map(each => [each.name, Buffer.from(each.bytes).toString()]).sort()).toEqual([
    ['hai.bin', 'second'],
    ['một.txt', 'first'],
  ])
  expect(await signatureFields(document)).toEqual([])
})

test('a stream that inflates past 8 MiB, an unknown filter, encryption and circles are pdf.syntax, not work', async () => {
  const bomb = deflateSync(Buffer.alloc(9 * 1024 * 1024))
  const file = (objects: string[], trailer: string) => {
    let text = '%PDF-1.7\n'
    const offsets = objects.map((object, i) => {
      const at = text.length
      text += `${i + 1} 0 obj\n${object}\nendobj\n`
      return at
    })
    const start = text.length
    text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.map(offset => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')}`
    return bytes(`${text}trailer\n<</Size ${objects.length + 1}${trailer}>>\nstartxref\n${start}\n%%EOF\n`)
  }
  const withStream = (dict: string, data: Buffer) => {
    const stream = `<<${dict}/Length ${data.length}>>\nstream\n${data.toString('latin1')}\nendstream`
    return file(['<</Type/Catalog/AF[2 0 R]>>', '<</F(x)/EF<</F 3 0 R>>>>', stream], '/Root 1 0 R')
  }
  const attached = async (pdf: Uint8Array) => embeddedFiles(await PdfDocument.open(pdf))
  expect((await attached(withStream('', Buffer.from('plain'))))[0]?.bytes).toEqual(bytes('plain'))
  expect(await rejectedCode(attached(withStream('/Filter/FlateDecode', bomb)))).toBe('pdf.syntax')
  expect(await rejectedCode(attached(withStream('/Filter/LZWDecode', Buffer.from('x'))))).toBe('pdf.syntax')
  expect(await rejectedCode(PdfDocument.open(file(['null'], '/Encrypt 1 0 R')))).toBe('pdf.syntax')
  const circle = file(['<</Type/Catalog/AF 2 0 R>>', '2 0 R'], '/Root 1 0 R')
  expect(await rejectedCode(attached(circle))).toBe('pdf.syntax')
  const selfPrevious = Buffer.from(file(['null'], '/Prev 0000000000')).toString('latin1')
  const start = selfPrevious.lastIndexOf('xref\n0')
  expect(await rejectedCode(PdfDocument.open(bytes(selfPrevious.replace('0000000000>>', `${String(start).padStart(10, '0')}>>`))))).toBe(
    'pdf.syntax',
  )
  const deepTree = file(['<</Type/Catalog/Names<</EmbeddedFiles 2 0 R>>>>', '<</Kids[2 0 R 2 0 R]>>'], '/Root 1 0 R')
  expect(await attached(deepTree)).toEqual([])
})

test('damaged files give an answer or pdf.syntax, never another error, and soon', async () => {
  const file = await pdfWith({ useObjectStreams: true })(async document => void (await document.attach(bytes('first'), 'một.txt')))
  const plain = await pdfWith({ useObjectStreams: false })(async document => void (await document.attach(bytes('first'), 'một.txt')))
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 30 }),
      fc.nat(),
      async (streams, changes, cut) => {
        const damaged = (streams ? file : plain).slice()
        for (const [at, value] of changes) damaged[at % damaged.length] = value
        const whole = cut % 4 ? damaged : damaged.subarray(0, cut % damaged.length)
        try {
          const document = await PdfDocument.open(whole)
          await embeddedFiles(document)
          await signatureFields(document)
        } catch (error) {
          expect(error).toBeInstanceOf(AppError)
          expect((error as AppError).code).toBe('pdf.syntax')
        }
      },
    ),
    { numRuns: 400 },
  )
})
