import { AppError } from '../../../core/errors.ts'
import { type PdfDict, PdfReader, PdfRef, PdfStream, type PdfValue } from '../../../core/pdf/pdfSyntax.ts'
import { pdfEntries, pdfNumber, pdfText } from '../../../core/pdf/pdfText.ts'
import type { PdfWriter } from './pdfWriter.ts'

/**
 * Copies each page of a PDF made by Typst into `writer` as a form XObject (ISO 32000-1, 8.10) and returns the forms' object
 * numbers in page order. Such files have a plain cross-reference table, direct lengths and one content stream a page.
 */
export function copyPagesAsForms(writer: PdfWriter, file: Uint8Array): number[] {
  const objects = readPlainTable(file)
  const numbers = new Map<number, number>()
  const queue: number[] = []
  const renumber = (ref: PdfRef): number => {
    let number = numbers.get(ref.number)
    if (number === undefined) {
      number = writer.reserve()
      numbers.set(ref.number, number)
      queue.push(ref.number)
    }
    return number
  }
  const resolve = (value: PdfValue | undefined): PdfValue => (value instanceof PdfRef ? objects.get(value.number) : value) ?? null

  const root = dictOf(resolve(objects.trailer.get('Root')))
  const pages: PdfDict[] = []
  const walk = (node: PdfDict) => {
    const kids = resolve(node.get('Kids'))
    if (Array.isArray(kids)) for (const kid of kids) walk(dictOf(resolve(kid)))
    else pages.push(node)
  }
  walk(dictOf(resolve(root.get('Pages'))))

  const forms = pages.map(page => {
    const content = resolve(page.get('Contents'))
    if (!(content instanceof PdfStream)) throw new AppError('pdf.syntax', 'A page without one content stream')
    const box = resolve(page.get('MediaBox')) as number[]
    const filter = content.dict.has('Filter') ? `/Filter ${pdfText(content.dict.get('Filter') as PdfValue, renumber)}` : ''
    const resources = pdfText(resolve(page.get('Resources')), renumber)
    const group = page.has('Group') ? `/Group ${pdfText(page.get('Group') as PdfValue, renumber)}` : ''
    return writer.stream(
      `/Type/XObject/Subtype/Form/BBox[${box.map(pdfNumber).join(' ')}]/Resources ${resources}${group}${filter}`,
      streamBytes(file, content),
    )
  })
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const value = objects.get(next) ?? null
    const number = numbers.get(next) as number
    if (value instanceof PdfStream) writer.stream(pdfEntries(value.dict, renumber, ['Length']), streamBytes(file, value), number)
    else writer.object(pdfText(value, renumber), number)
  }
  return forms
}

function readPlainTable(file: Uint8Array) {
  const tail = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  const reader = new PdfReader(file, tail.lastIndexOf('startxref') + 9)
  reader.at = reader.takeInteger() ?? 0
  if (!reader.take('xref')) throw new AppError('pdf.syntax', 'No plain cross-reference table')
  reader.takeInteger()
  const count = reader.takeInteger() ?? 0
  const offsets: number[] = []
  for (let i = 0; i < count; i++) {
    offsets.push(reader.takeInteger() ?? 0)
    reader.takeInteger()
    reader.value()
  }
  reader.take('trailer')
  const trailer = dictOf(reader.value())
  const seen = new Map<number, PdfValue>()
  return {
    trailer,
    get(number: number): PdfValue {
      let value = seen.get(number)
      if (value === undefined) {
        value = offsets[number] ? new PdfReader(file, offsets[number]).indirect().value : null
        seen.set(number, value)
      }
      return value
    },
  }
}

function streamBytes(file: Uint8Array, stream: PdfStream): Uint8Array {
  const length = stream.dict.get('Length')
  if (typeof length !== 'number') throw new AppError('pdf.syntax', 'A stream whose length stands elsewhere')
  return file.subarray(stream.start, stream.start + length)
}

function dictOf(value: PdfValue): PdfDict {
  if (value instanceof Map) return value
  throw new AppError('pdf.syntax', 'A dictionary was expected')
}
