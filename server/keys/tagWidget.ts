import type { PdfDocument } from '../../core/pdf/pdfDocument.ts'
import { type PdfDict, PdfName, PdfRef, type PdfValue } from '../../core/pdf/pdfSyntax.ts'

export interface WidgetTag {
  /** Objects that change or are new, by number; the element is the one given. */
  objects: Map<number, PdfDict>
  /** For the widget's /StructParent. */
  structParent: number
}

/**
 * Returns what puts a widget into a tagged file's structure: a `Form` element at the end of the document's, and its place in
 * the parent tree (ISO 14289-1, 7.18.4; ISO 32000-1, 14.7.4.4). `element` is a free object number. `undefined` for a file that
 * is not tagged, or whose parent tree has branches (Typst writes none).
 */
export async function tagWidget(
  document: PdfDocument,
  catalog: PdfDict,
  { element, widget, page }: { element: number; widget: number; page: PdfRef },
): Promise<WidgetTag | undefined> {
  const root = catalog.get('StructTreeRoot')
  const tree = await document.dict(root)
  const parentTree = await document.dict(tree?.get('ParentTree'))
  const numbers = await document.array(parentTree?.get('Nums'))
  const [top] = listOf(tree?.get('K'))
  const body = await document.dict(top)
  if (!(root instanceof PdfRef && tree && parentTree && numbers && top instanceof PdfRef && body)) return undefined
  const structParent = 1 + Math.max(-1, ...numbers.filter((each, index): each is number => index % 2 === 0 && typeof each === 'number'))
  const elementRef = new PdfRef(element, 0)
  return {
    structParent,
    objects: new Map([
      [
        root.number,
        new Map<string, PdfValue>([
          ...tree,
          ['ParentTree', new Map<string, PdfValue>([...parentTree, ['Nums', [...numbers, structParent, elementRef]]])],
          ['ParentTreeNextKey', structParent + 1],
        ]),
      ],
      [top.number, new Map<string, PdfValue>([...body, ['K', [...listOf(body.get('K')), elementRef]]])],
      [
        element,
        new Map<string, PdfValue>([
          ['Type', new PdfName('StructElem')],
          ['S', new PdfName('Form')],
          ['P', top],
          [
            'K',
            new Map<string, PdfValue>([
              ['Type', new PdfName('OBJR')],
              ['Pg', page],
              ['Obj', new PdfRef(widget, 0)],
            ]),
          ],
        ]),
      ],
    ]),
  }
}

/** /K is one child or a list of them. */
function listOf(kids: PdfValue | undefined): PdfValue[] {
  return Array.isArray(kids) ? kids : kids === undefined || kids === null ? [] : [kids]
}
