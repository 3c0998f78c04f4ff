import { diplomaColumns } from '../../server/diplomas/diplomaColumns.ts'
import { agencyColumns } from '../../server/imports/agencyRow.ts'
import { officerColumns } from '../../server/imports/officerColumns.ts'
import type { ColumnSpec } from '../../server/tables/columnMap.ts'
import { findings } from '../../server/tables/finding.ts'

const intro = `# Importing people, agencies and diplomas

XLSX, ODS or CSV (UTF-8, UTF-16, Windows-1258); photos as a ZIP beside a sheet of people. The kind of a file is told by its bytes, the kind of a sheet by its headers. Every sheet with a header among its first 30 rows, of one row or of two where a heading stands over others, is read; titles above it, repeated headers and rows that number the columns, (1) (2) (3), are passed over. Hidden sheets and sheets without a header are not read, and the preview names them. Headers are compared without case, diacritics and punctuation; a correction made by hand is remembered for the same headers in the same agency. Columns that nobody knows are ignored and named.

Upload, look at the preview, then write: all rows or nothing, or, when asked, only the good rows. Each row is *new*, *changed* (field by field), *unchanged*, *repeated*, *refused*, or *of another agency*; people of the file's agencies who are not in it are named, and nothing happens to them. An empty cell in a column that is there empties the field; a column that is not there changes nothing. Nothing is written before the commit, which is one transaction: a crash, a cancellation or a person who changed meanwhile leaves nothing behind. What a sheet of agencies would change is then asked for: another administrator approves it (\`decisions/0050\`).

Photos are matched by the sheet's \`anh_file\`, then by a file named after a personal number, then by one named after a full name that only one person has; the rest by hand. JPEG, PNG and WebP, at least 120 × 160; turned face side up, cropped to 3:4, freed of metadata.

Bounds: 64 MiB and 500,000 rows a sheet, 200 columns, 1 GiB of photos.
`

/** The text of docs/importing.md as the tables of columns and findings make it. */
export function importingDocument(): string {
  const codes = Object.entries(findings)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { severity, en, vi }]) => `| \`${code}\` | ${severity} | ${cell(en)} | ${cell(vi)} |`)
  return [
    intro,
    '## Columns\n',
    '### People\n',
    columnsTable(officerColumns),
    '### Agencies\n',
    columnsTable(agencyColumns),
    '### Diplomas\n',
    columnsTable(diplomaColumns),
    '## What is found in rows\n',
    'Codes stay, sentences may change. A *refused* row is not written, a *warning* is shown to the approver first, a *repaired* cell says what it became.\n',
    `| code | | English | Vietnamese |\n| --- | --- | --- | --- |\n${codes.join('\n')}\n`,
  ].join('\n')
}

function columnsTable(columns: readonly ColumnSpec[]): string {
  const rows = columns.map(({ name, required, aliases }) => `| \`${name}\`${required ? ' *' : ''} | ${cell(aliases.join(' · '))} |`)
  return `| column (* required) | also understood |\n| --- | --- |\n${rows.join('\n')}\n`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
