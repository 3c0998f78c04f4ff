import { AppError } from '../../../core/errors.ts'
import type { PdfWriter } from './pdfWriter.ts'

const reference = /(\d+) 0 R\b/g

/**
 * Copies each page of a PDF made by Typst into `writer` as a form XObject (ISO 32000-1, 8.10) and returns the forms' object
 * numbers in page order. Such files have one plain cross-reference table, objects in the order of their numbers, direct stream
 * lengths, one content stream a page and strings in hexadecimal or of a few letters, so objects are copied as text with their
 * references renumbered. Throws `pdf.syntax` for anything else.
 */
export function copyPagesAsForms(writer: PdfWriter, file: Uint8Array): number[] {
  const source = new TypstFile(file)
  const numbers = new Map<number, number>()
  const queue: number[] = []
  const renumbered = (text: string) =>
    text.replace(reference, (_, old: string) => {
      let number = numbers.get(Number(old))
      if (number === undefined) {
        number = writer.reserve()
        numbers.set(Number(old), number)
        queue.push(Number(old))
      }
      return `${number} 0 R`
    })

  const kids = /\/Kids \[([^\]]*)\]/.exec(source.object(1).text)?.[1] ?? ''
  const forms = [...kids.matchAll(reference)].map(([, number]) => {
    const page = source.object(Number(number)).text
    const content = source.object(Number(/\/Contents (\d+) 0 R/.exec(page)?.[1]))
    const box = /\/MediaBox (\[[^\]]*\])/.exec(page)?.[1]
    if (!content.stream || !box) throw new AppError('pdf.syntax', 'Not a page as Typst writes it')
    const filter = /\/Filter \/\w+/.exec(content.text)?.[0] ?? ''
    const group = entry(page, '/Group')
    const resources = entry(page, '/Resources') || '/Resources <<>>'
    return writer.stream(`/Type/XObject/Subtype/Form/BBox ${box}${renumbered(resources)}${renumbered(group)}${filter}`, content.stream)
  })
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { text, stream } = source.object(next)
    const number = numbers.get(next) as number
    if (stream)
      writer.stream(renumbered(text.slice(text.indexOf('<<') + 2, text.lastIndexOf('>>')).replace(/\/Length \d+/, '')), stream, number)
    else writer.object(renumbered(text), number)
  }
  return forms
}

/** `key` and its dictionary, brackets matched; empty when the page has none. */
function entry(page: string, key: string): string {
  const at = page.indexOf(`${key} <<`)
  if (at < 0) return ''
  let depth = 0
  for (let i = at; i < page.length - 1; i++) {
    const pair = page.slice(i, i + 2)
    if (pair === '<<') depth++
    else if (pair === '>>' && --depth === 0) return page.slice(at, i + 2)
    if (pair === '<<' || pair === '>>') i++
  }
  return ''
}

class TypstFile {
  readonly #bytes: Buffer
  readonly #offsets: number[] = []

  constructor(file: Uint8Array) {
    this.#bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
    const start = Number(/startxref\s+(\d+)\s+%%EOF\s*$/.exec(this.#bytes.toString('latin1', Math.max(0, file.length - 64)))?.[1])
    const table = this.#bytes.toString('latin1', start)
    const head = /^xref\s+0 (\d+)\s+/.exec(table)
    if (!head) throw new AppError('pdf.syntax', 'No plain cross-reference table')
    for (let i = 0; i < Number(head[1]); i++) this.#offsets.push(Number(table.slice(head[0].length + i * 20, head[0].length + i * 20 + 10)))
  }

  /** The text of an object between `obj` and `endobj`, or its dictionary and the bytes of its stream. */
  object(number: number): { text: string; stream?: Uint8Array } {
    const start = this.#offsets[number]
    if (!start) throw new AppError('pdf.syntax', `No object ${number}`)
    const from = this.#bytes.indexOf(' obj', start, 'latin1') + 4
    const end = this.#bytes.indexOf('endobj', from, 'latin1')
    const opens = this.#bytes.indexOf('\nstream\n', from, 'latin1')
    if (opens < 0 || opens > end) return { text: this.#bytes.toString('latin1', from, end).trim() }
    const text = this.#bytes.toString('latin1', from, opens)
    const length = Number(/\/Length (\d+)\s/.exec(text)?.[1])
    if (!(length >= 0)) throw new AppError('pdf.syntax', 'A stream whose length stands elsewhere')
    return { text, stream: this.#bytes.subarray(opens + 8, opens + 8 + length) }
  }
}
