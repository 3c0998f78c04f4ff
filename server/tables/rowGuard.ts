import { AppError } from '../../core/errors.ts'
import type { Cell } from './cell.ts'
import type { TableLimits } from './tableLimits.ts'

/** Keeps the rows of one file within the limits while they are gathered. */
export class RowGuard {
  readonly #limits: TableLimits
  #rows = 0

  constructor(limits: TableLimits) {
    this.#limits = limits
  }

  /** Puts a cell into its column, the columns before it filled with nothing. Throws `table.too-many-columns`. */
  place(cells: Cell[], column: number, cell: Cell): void {
    if (column < 0 || column >= this.#limits.columns) throw new AppError('table.too-many-columns')
    while (cells.length < column) cells.push(null)
    cells[column] = cell
  }

  /** `text` and `part` together. Throws `table.cell-too-long`. */
  append(text: string, part: string): string {
    if (text.length + part.length > this.#limits.cellChars) throw new AppError('table.cell-too-long')
    return text + part
  }

  /** Counts rows with content. Throws `table.too-many-rows`. */
  count(rows = 1): void {
    this.#rows += rows
    if (this.#rows > this.#limits.rows) throw new AppError('table.too-many-rows', `More than ${this.#limits.rows} rows`)
  }
}
