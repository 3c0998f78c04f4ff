import { AppError } from '../../../core/errors.ts'

/** Description of the `pdfuaid` schema, which PDF/A wants for every schema beyond its own (ISO 19005-3, 6.6.2.3). */
const uaSchema =
  '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>' +
  '<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI><pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>' +
  '<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource"><pdfaProperty:category>internal</pdfaProperty:category>' +
  '<pdfaProperty:description>Part of ISO 14289 to which the document conforms</pdfaProperty:description>' +
  '<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType></rdf:li></rdf:Seq></pdfaSchema:property></rdf:li>'

/** Namespaces of what follows the extension schemas in Typst's packet. */
const namespaces = Object.entries({
  dc: 'http://purl.org/dc/elements/1.1/',
  pdf: 'http://ns.adobe.com/pdf/1.3/',
  pdfaid: 'http://www.aiim.org/pdfa/ns/id/',
  pdfuaid: 'http://www.aiim.org/pdfua/ns/id/',
  xmpMM: 'http://ns.adobe.com/xap/1.0/mm/',
  xmpTPg: 'http://ns.adobe.com/xap/1.0/t/pg/',
})
  .map(([prefix, uri]) => ` xmlns:${prefix}="${uri}"`)
  .join('')
const extensionNamespaces = ['Extension', 'Schema', 'Property']
  .map(part => ` xmlns:pdfa${part}="http://www.aiim.org/pdfa/ns/${part.toLowerCase()}${part === 'Extension' ? '/' : '#'}"`)
  .join('')

/**
 * Returns a PDF/A-3a of Typst's marked as PDF/UA-1 as well (ISO 14289-1, clause 5 and 7.1): Typst writes either mark, not both.
 * The structure is the same; a test compiles each template as PDF/UA-1 too, where Typst enforces its rules.
 */
export function markPdfUa(file: Uint8Array): Uint8Array {
  const text = Buffer.from(file.buffer, file.byteOffset, file.byteLength).toString('latin1')
  const inserts: { at: number; text: string }[] = []
  const after = (mark: string, insert: string, from = 0) => {
    const at = text.indexOf(mark, from)
    if (at < 0) throw new AppError('pdf.syntax', `No ${mark} in what Typst wrote`)
    inserts.push({ at: at + mark.length, text: insert })
  }
  const packet = text.indexOf('<?xpacket begin')
  // The schemas in a description of their own: the validator of Apache PDFBox finds them nowhere else.
  after('</xmpMM:History>', `</rdf:Description><rdf:Description rdf:about=""${extensionNamespaces}>`, packet)
  after('<pdfaExtension:schemas><rdf:Bag>', uaSchema, packet)
  after('</pdfaExtension:schemas>', `</rdf:Description><rdf:Description rdf:about=""${namespaces}><pdfuaid:part>1</pdfuaid:part>`, packet)
  const grown = inserts.reduce((sum, insert) => sum + insert.text.length, 0)
  after('/ViewerPreferences <<', ' /DisplayDocTitle true', text.lastIndexOf('/Type /Catalog'))

  // The packet's own length, in as many digits as before.
  const lengthAt = text.lastIndexOf('/Length ', packet) + '/Length '.length
  const length = /^\d+/.exec(text.slice(lengthAt, lengthAt + 10))?.[0] ?? ''
  const newLength = String(Number(length) + grown)
  inserts.push({ at: lengthAt + length.length, text: newLength.slice(length.length) })
  const start = text.lastIndexOf('\nxref\n') + 1
  const moved = (offset: number) => offset + inserts.reduce((sum, insert) => sum + (insert.at <= offset ? insert.text.length : 0), 0)
  const tail = text
    .slice(start)
    .replace(
      /^(\d{10}) (\d{5}) n/gm,
      (_, offset: string, generation: string) => `${String(moved(Number(offset))).padStart(10, '0')} ${generation} n`,
    )
    .replace(/startxref\n\d+/, `startxref\n${moved(start)}`)

  let out = ''
  let from = 0
  for (const insert of inserts.toSorted((a, b) => a.at - b.at)) {
    out += text.slice(from, insert.at) + insert.text
    from = insert.at
  }
  out += text.slice(from, start)
  const digitsAt = out.lastIndexOf('/Length ', out.indexOf('<?xpacket begin')) + '/Length '.length
  out = out.slice(0, digitsAt) + newLength + out.slice(digitsAt + newLength.length)
  return new Uint8Array(Buffer.from(out + tail, 'latin1'))
}
