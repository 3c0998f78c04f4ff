import {
  decodePDFRawStream,
  PDFArray,
  PDFDict,
  PDFDocument,
  type PDFHexString,
  PDFName,
  type PDFNumber,
  type PDFObject,
  type PDFRawStream,
  PDFRef,
  PDFStream,
  type PDFString,
} from '@cantoo/pdf-lib'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { signPdf } from '../../../server/keys/pades.ts'
import { evidenceFiles } from '../../../server/printing/diplomaFile.ts'
import { renderDiploma } from '../../../server/printing/render/renderDiploma.ts'
import { ownTemplate, sampleDiploma } from '../../support/cardFixtures.ts'
import { cmsSignerOf, makeStateCertificate } from '../../support/stateCertificate.ts'

// Clauses of ISO 19005-3 (PDF/A-3) and ISO 14289-1 (PDF/UA-1), read with pdf-lib, which wrote nothing of these files. What an
// independent validator says is in docs/decisions/0075.
const state = makeStateCertificate()
const signedAt = new Date('2026-11-20T02:00:00Z')

const cases = ['van-bang', 'chung-chi', 'ban-sao-tu-so-goc', 'trang-xac-nhan'].flatMap(name => [
  { name, form: 'unsigned' },
  { name, form: 'signed' },
])

describe.each(cases)('$name, $form', ({ name, form }) => {
  let bytes: Uint8Array
  let document: PDFDocument
  let objects: PDFObject[]
  const at = (dict: PDFDict, ...path: string[]): PDFObject | undefined => {
    let value: PDFObject | undefined = dict
    for (const key of path) value = value instanceof PDFDict ? value.lookup(PDFName.of(key)) : undefined
    return value
  }
  const name_ = (value: PDFObject | undefined) => (value instanceof PDFName ? value.decodeText() : undefined)
  const dicts = () => objects.map(each => (each instanceof PDFStream ? each.dict : each)).filter(each => each instanceof PDFDict)
  const metadata = () => document.catalog.lookup(PDFName.of('Metadata')) as PDFRawStream
  const xmp = () => Buffer.from(decodePDFRawStream(metadata()).decode()).toString('utf8')

  beforeAll(async () => {
    const attachments = evidenceFiles(new Uint8Array([0xd2, 1]), '{"v":1}')
    const plain = renderDiploma({ template: ownTemplate(name), diploma: sampleDiploma(name), attachments }).pdf()
    bytes = form === 'signed' ? await signPdf(plain, cmsSignerOf(state), { signedAt, reason: 'Cấp văn bằng' }) : plain
    document = await PDFDocument.load(bytes, { updateMetadata: false })
    objects = document.context.enumerateIndirectObjects().map(([, object]) => object)
  })

  test('A 6.1.2, 6.1.3: header, binary comment, identifier of two parts; not encrypted', () => {
    expect(Buffer.from(bytes.subarray(0, 9)).toString('latin1')).toMatch(/^%PDF-1\.[0-7]\n$/)
    expect(bytes[9]).toBe(0x25)
    expect([...bytes.subarray(10, 14)].every(byte => byte > 127)).toBe(true)
    const { ID, Encrypt } = document.context.trailerInfo
    expect(Encrypt).toBeUndefined()
    expect((document.context.lookup(ID) as PDFArray).size()).toBe(2)
  })

  test('A 6.6.4, UA 5: metadata not filtered, name PDF/A-3a and PDF/UA-1, and say what the information dictionary says', () => {
    const stream = metadata()
    expect(stream.dict.has(PDFName.of('Filter'))).toBe(false)
    expect(name_(at(stream.dict, 'Subtype'))).toBe('XML')
    const text = xmp()
    expect(text).toMatch(/<pdfaid:part>3<\/pdfaid:part>\s*<pdfaid:conformance>A<\/pdfaid:conformance>/)
    expect(text).toContain('<pdfuaid:part>1</pdfuaid:part>')
    expect(text).toContain(document.getTitle())
    expect(text).toContain(document.getAuthor())
    expect(text).toContain(`<xmp:CreateDate>${document.getCreationDate()!.toISOString().slice(0, 19)}`)
    expect(text).toContain(`<xmp:ModifyDate>${document.getModificationDate()!.toISOString().slice(0, 19)}`)
  })

  test('A 6.2.3: one output intent with an ICC profile inside', () => {
    const intents = document.catalog.lookup(PDFName.of('OutputIntents'), PDFArray)
    expect(intents.size()).toBe(1)
    const intent = intents.lookup(0, PDFDict)
    expect(name_(at(intent, 'S'))).toBe('GTS_PDFA1')
    const profile = at(intent, 'DestOutputProfile') as PDFRawStream
    const icc = Buffer.from(decodePDFRawStream(profile).decode())
    expect(icc.toString('latin1', 36, 40)).toBe('acsp')
    expect(icc.readUInt32BE(0)).toBe(icc.length)
    expect(at(profile.dict, 'N')?.toString()).toBe('3')
  })

  test('A 6.2.11: every font is inside, a subset of the right name, and maps to Unicode', () => {
    const fonts = dicts().filter(dict => name_(at(dict, 'Type')) === 'Font' && name_(at(dict, 'Subtype')) === 'Type0')
    expect(fonts.length).toBeGreaterThan(2)
    for (const font of fonts) {
      const descendant = font.lookup(PDFName.of('DescendantFonts'), PDFArray).lookup(0, PDFDict)
      expect(at(descendant, 'FontDescriptor', 'FontFile2') ?? at(descendant, 'FontDescriptor', 'FontFile3')).toBeInstanceOf(PDFStream)
      expect(at(font, 'ToUnicode')).toBeInstanceOf(PDFStream)
      expect(name_(at(font, 'BaseFont'))).toMatch(/^[A-Z]{6}\+/)
      expect(name_(at(descendant, 'CIDToGIDMap'))).toBe('Identity')
    }
  })

  test('A 6.1.7, 6.2.8, 6.5, 6.10: no LZW, no external stream, no PostScript, no script, no action, no alternate presentation', () => {
    for (const dict of dicts()) {
      expect(name_(at(dict, 'Filter'))).not.toBe('LZWDecode')
      expect(name_(at(dict, 'Subtype'))).not.toBe('PS')
      expect(name_(at(dict, 'S')) ?? '').not.toMatch(
        /^(JavaScript|Launch|Sound|Movie|ResetForm|ImportData|Hide|SetOCGState|Rendition|Trans)$/,
      )
      for (const key of ['AA', 'JS', 'OPI', 'Alternates', 'PresSteps', 'XFA', 'NeedAppearances', 'TR', 'HTP'])
        expect(dict.has(PDFName.of(key))).toBe(false)
      if (at(dict, 'Interpolate') !== undefined) expect(at(dict, 'Interpolate')?.toString()).toBe('false')
    }
    expect(document.catalog.has(PDFName.of('OpenAction'))).toBe(false)
    expect(document.catalog.has(PDFName.of('Requirements'))).toBe(false)
  })

  test('A 6.8: seal and receipt are associated files with type, relationship, description, date and size', () => {
    const associated = document.catalog.lookup(PDFName.of('AF'), PDFArray)
    expect(associated.size()).toBe(2)
    for (let i = 0; i < 2; i++) {
      const file = associated.lookup(i, PDFDict)
      expect(name_(at(file, 'Type'))).toBe('Filespec')
      expect(name_(at(file, 'AFRelationship'))).toMatch(/^(Data|Supplement)$/)
      for (const key of ['F', 'UF', 'Desc']) expect(at(file, key)).toBeDefined()
      const embedded = at(file, 'EF', 'F') as PDFRawStream
      expect(name_(at(embedded.dict, 'Subtype'))).toMatch(/^application\/(cose|json)$/)
      expect(at(embedded.dict, 'Params', 'ModDate')).toBeDefined()
      expect((at(embedded.dict, 'Params', 'Size') as PDFNumber).asNumber()).toBe(decodePDFRawStream(embedded).decode().length)
    }
    expect(at(document.catalog, 'Names', 'EmbeddedFiles', 'Names')).toBeInstanceOf(PDFArray)
  })

  test('A 6.7, UA 7.1, 7.2: tagged, language, title shown, role map to standard types', () => {
    expect(at(document.catalog, 'MarkInfo', 'Marked')?.toString()).toBe('true')
    expect(at(document.catalog, 'MarkInfo', 'Suspects')?.toString() ?? 'false').toBe('false')
    expect(at(document.catalog, 'ViewerPreferences', 'DisplayDocTitle')?.toString()).toBe('true')
    const language = at(document.catalog, 'Lang') as PDFString | PDFHexString
    expect(language.decodeText()).toMatch(/^vi(-VN)?$/)
    const roles = at(document.catalog, 'StructTreeRoot', 'RoleMap') as PDFDict | undefined
    for (const [role, meant] of roles?.entries() ?? []) {
      expect(standardTypes.has(role.decodeText())).toBe(false)
      expect(standardTypes.has(name_(meant)!)).toBe(true)
    }
  })

  test('UA 7.1, 7.3, 7.4, 7.5: each element hangs below the root, figures have a text, one heading of level 1 comes first', () => {
    const elements: { type: string; dict: PDFDict }[] = []
    const walk = (value: PDFObject | undefined, parent: PDFDict) => {
      const kid = value instanceof PDFRef ? document.context.lookup(value) : value
      if (kid instanceof PDFArray) for (const each of kid.asArray()) walk(each, parent)
      else if (kid instanceof PDFDict && kid.has(PDFName.of('S'))) {
        expect(kid.lookup(PDFName.of('P'))).toBe(parent)
        elements.push({ type: name_(at(kid, 'S'))!, dict: kid })
        walk(kid.get(PDFName.of('K')), kid)
      }
    }
    const root = document.catalog.lookup(PDFName.of('StructTreeRoot'), PDFDict)
    walk(root.get(PDFName.of('K')), root)
    expect(elements[0]!.type).toBe('Document')
    const figures = elements.filter(({ type }) => type === 'Figure')
    expect(figures.length).toBeGreaterThan(0)
    for (const { dict } of figures) expect((at(dict, 'Alt') as PDFString | PDFHexString).decodeText()).toMatch(/QR/)
    expect(elements.map(({ type }) => type).filter(type => /^H\d?$/.test(type))).toEqual(['H1'])
    expect(elements.filter(({ type }) => type === 'Form')).toHaveLength(form === 'signed' ? 1 : 0)
    // UA 7.5: a table has header cells. Typst tags them in its first rows only, so a list of labels and values is a grid.
    expect(elements.some(({ type }) => type === 'Table')).toBe(elements.some(({ type }) => type === 'TH'))
  })

  test('A 6.3, 6.4, UA 7.18: the signature’s field has an appearance, prints, is described, and stands in the structure', () => {
    const page = document.getPage(0).node
    const annotations = page.lookupMaybe(PDFName.of('Annots'), PDFArray)
    if (form === 'unsigned') {
      expect(annotations?.size() ?? 0).toBe(0)
      expect(document.catalog.has(PDFName.of('AcroForm'))).toBe(false)
      return
    }
    expect(annotations?.size()).toBe(1)
    expect(name_(at(page, 'Tabs'))).toBe('S')
    const widget = annotations!.lookup(0, PDFDict)
    const flags = (at(widget, 'F') as PDFNumber).asNumber()
    const [invisible, hidden, print, noView, toggleNoView] = [1, 2, 4, 32, 256]
    expect(flags & (invisible | hidden | noView | toggleNoView)).toBe(0)
    expect(flags & print).toBe(print)
    const appearance = at(widget, 'AP') as PDFDict
    expect(appearance.keys().map(name_)).toEqual(['N'])
    expect(at(appearance, 'N')).toBeInstanceOf(PDFStream)
    expect((at(widget, 'TU') as PDFHexString).decodeText()).toBe('Chữ ký số của cơ quan cấp')
    expect(at(widget, 'A')).toBeUndefined()

    // From the widget to its element by the parent tree, and back by the element's reference.
    const key = (at(widget, 'StructParent') as PDFNumber).asNumber()
    const numbers = at(document.catalog, 'StructTreeRoot', 'ParentTree', 'Nums') as PDFArray
    const keys = numbers.asArray().filter((_, index) => index % 2 === 0)
    expect(keys.map(each => (each as PDFNumber).asNumber())).toEqual(keys.map((_, index) => index))
    const element = numbers.lookup(2 * key + 1, PDFDict)
    expect(name_(at(element, 'S'))).toBe('Form')
    expect(at(element, 'K', 'Obj')).toBe(widget)
    expect(at(element, 'K', 'Pg')).toBe(page)
    expect((at(document.catalog, 'StructTreeRoot', 'ParentTreeNextKey') as PDFNumber).asNumber()).toBe(key + 1)
    expect((at(document.catalog, 'AcroForm', 'SigFlags') as PDFNumber).asNumber()).toBe(3)
  })
})

const standardTypes = new Set(
  'Document Part Art Sect Div BlockQuote Caption TOC TOCI Index NonStruct Private P H H1 H2 H3 H4 H5 H6 L LI Lbl LBody Table TR TH TD THead TBody TFoot Span Quote Note Reference BibEntry Code Link Annot Ruby Warichu RB RT RP WT WP Figure Formula Form'.split(
    ' ',
  ),
)
