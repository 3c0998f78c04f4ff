import { AppError } from '../errors.ts'

const ALLOWANCE = 48 * 1024 * 1024
/** Parsing a byte takes this many times as long as inflating one. */
const PARSING = 4

/**
 * How many bytes may be inflated and parsed for one file: twice its length and 48 MiB, a parsed byte counting for four. Of an
 * honest file little is read, and once; one whose tables lead many times through the same bytes, or that is all bombs, ends here.
 */
export class ReadingBudget {
  #left: number

  constructor(fileLength: number) {
    this.#left = 2 * fileLength + ALLOWANCE
  }

  /** Throws `pdf.syntax` when there is no more; so does `parsed`. */
  inflated(bytes: number): void {
    this.#left -= bytes
    if (this.#left < 0) throw new AppError('pdf.syntax', 'The file takes more reading than its size can need')
  }

  parsed(bytes: number): void {
    this.inflated(PARSING * Math.max(0, bytes))
  }
}
