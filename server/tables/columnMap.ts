import { type Cell, cellText } from './cell.ts'
import { searchName } from './searchName.ts'

/** A column that an importer knows. Headers are compared without case, diacritics and punctuation. */
export interface ColumnSpec {
  name: string
  required: boolean
  /** Other headers that mean it, in any spelling. */
  aliases: readonly string[]
}

/** How one header row is understood. */
export interface ColumnMap {
  /** Position by column name. */
  columns: ReadonlyMap<string, number>
  /** The header texts as they stand, by position. */
  headers: string[]
  /** Headers that are ignored. */
  unknown: string[]
  /** Required columns without a header. */
  missing: string[]
}

/**
 * Reads a row as headers. `chosen` ({column: header text}, '' for none) is what a person decided and goes before any guess;
 * a header that two columns could mean goes to the first in the order of `specs`.
 */
export function mapColumns(cells: readonly Cell[], specs: readonly ColumnSpec[], chosen: Readonly<Record<string, string>> = {}): ColumnMap {
  const headers = cells.map(cell => cellText(cell).trim())
  const keys = headers.map(headerKey)
  const columns = new Map<string, number>()
  const taken = new Set<number>()
  const place = (name: string, position: number): void => {
    if (position < 0 || taken.has(position) || columns.has(name)) return
    columns.set(name, position)
    taken.add(position)
  }
  for (const spec of specs) {
    const header = chosen[spec.name]
    if (header) place(spec.name, keys.indexOf(headerKey(header)))
  }
  const open = specs.filter(spec => chosen[spec.name] === undefined || (chosen[spec.name] !== '' && !columns.has(spec.name)))
  for (const spec of open) place(spec.name, keys.indexOf(headerKey(spec.name)))
  for (const spec of open) for (const alias of spec.aliases) place(spec.name, keys.indexOf(headerKey(alias)))
  return {
    columns,
    headers,
    unknown: headers.filter((header, position) => header !== '' && !taken.has(position)),
    missing: specs.filter(spec => spec.required && !columns.has(spec.name)).map(spec => spec.name),
  }
}

/** How much a row looks like headers: 2 a required column, 1 an optional one; 0 where fewer than two are recognised. */
export function headerScore(map: ColumnMap, specs: readonly ColumnSpec[]): number {
  if (map.columns.size < 2) return 0
  return specs.reduce((sum, spec) => sum + (map.columns.has(spec.name) ? (spec.required ? 2 : 1) : 0), 0)
}

function headerKey(text: string): string {
  return searchName(text.replace(/\([^()]*\)|[*:]/g, ' ')).replaceAll(' ', '_')
}
