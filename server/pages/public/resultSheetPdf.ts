import { timeText } from '../../../web/platform/vietnamTime.ts'
import { namedFields } from '../../../web/result/namedFields.ts'
import { compileTypst, typstPdf } from '../../printing/render/typst.ts'
import type { SignedSheet } from '../../verification/resultSheet.ts'
import type { Language } from '../texts.ts'
import { translator } from '../texts.ts'

const mostRows = 40

/** The one-page *Phiếu kết quả kiểm tra* of a checked list, for a dossier; its signature is printed and can be checked by anyone. */
export function resultSheetPdf(sheet: SignedSheet, lang: Language): Uint8Array {
  const { statement, rows, signature, keyId } = sheet
  const text = translator(lang)
  const word = (outcome: string) =>
    text(outcome === 'corrected' ? 'diploma.correctedPlain' : outcome === 'copy' ? 'diploma.copyWord' : `diploma.${outcome}`)
  const facts: [string, string][] = [
    [text('list.reportTime'), timeText(statement.at)],
    [text('list.reportBy'), statement.signedIn ? statement.checkedBy : `${statement.checkedBy || '…'} (${text('list.reportTyped')})`],
    [text('list.reportLog'), statement.log ? `${statement.log.size} · ${statement.log.rootHash}` : '…'],
    [text('list.reportRows'), String(statement.rows)],
    ...Object.entries(statement.counts).map(([outcome, count]): [string, string] => [`– ${word(outcome)}`, String(count)]),
    [text('list.reportDigest'), statement.resultDigest],
    [text('list.reportSignature'), `${signature} (Ed25519, ${keyId})`],
  ]
  const table = rows
    .slice(0, mostRows)
    .map(row => [
      String(row.row),
      row.subject,
      word(row.outcome),
      row.decision ?? namedFields(row.fields ?? {}, ['partial', 'differs'], text),
    ])
  const more = rows.length > mostRows ? text('list.reportMore', { count: rows.length - mostRows }) : ''
  const main = `#set page(paper: "a4", margin: (x: 2cm, y: 1.6cm))
#set text(font: "Be Vietnam Pro", size: 9pt, lang: "${lang}")
#set document(title: ${quoted(text('list.reportTitle'))})
#align(center)[#text(size: 13pt, weight: 700, fill: rgb("#8b1a1a"))[#${quoted(text('list.reportTitle'))}]]
#v(6pt)
#table(columns: (4.6cm, 1fr), stroke: none, inset: (x: 0pt, y: 2.5pt), ${facts.map(([label, value]) => `text(fill: rgb("#57534e"))[#${quoted(label)}], [#${quoted(value)}]`).join(', ')})
#v(4pt)
#table(columns: (1.2cm, 1fr, 1.2fr, 1.2fr), stroke: 0.4pt + rgb("#cfc6b8"), inset: 3.5pt, ${['list.row', 'diploma.soHieu', 'list.outcome', 'list.note'].map(key => `[*#${quoted(text(key))}*]`).join(', ')}${table
    .flat()
    .map(cell => `, [#${quoted(cell)}]`)
    .join('')})
${more && `#${quoted(more)}`}
#v(6pt)
#text(size: 8pt, fill: rgb("#57534e"))[#${quoted(text('list.reportNote', { host: statement.host }))}]
`
  return typstPdf(compileTypst(main), { created: statement.at, tags: true })
}

/** A Typst string: nothing in it is markup. */
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replace(/\s+/g, ' ')}"`
}
