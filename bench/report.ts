/** One line of a benchmark's table. `limit` is the rate of what bounds it, from the same run; the ratio is printed. */
export interface Row {
  case: string
  rate: number
  unit: string
  limit?: number
}

/** What a benchmark's `run` is called with: once a line, and `note` for what was skipped and why. */
export interface Report {
  (row: Row): void
  note(text: string): void
}
