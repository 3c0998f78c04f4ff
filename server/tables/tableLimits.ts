/** Bounds of every table that is read; a file beyond one is refused whole, never cut. */
export interface TableLimits {
  /** Bytes of the file as uploaded. */
  fileBytes: number
  /** Bytes of all parts of a ZIP container together, unpacked. */
  unpackedBytes: number
  /** Unpacked to packed bytes of one part above 1 MiB. */
  ratio: number
  /** Parts in a ZIP container. */
  entries: number
  sheets: number
  /** Rows with content, over all sheets. */
  rows: number
  columns: number
  /** UTF-16 code units of one cell; Excel's own bound is 32,767. */
  cellChars: number
  /** UTF-16 code units of all shared strings of a workbook together. */
  sharedChars: number
}

export const tableLimits: Readonly<TableLimits> = {
  fileBytes: 64 << 20,
  unpackedBytes: 1 << 30,
  ratio: 400,
  entries: 2_000,
  sheets: 100,
  rows: 500_000,
  columns: 200,
  cellChars: 32_767,
  sharedChars: 48 << 20,
}
