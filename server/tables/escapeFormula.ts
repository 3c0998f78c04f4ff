/**
 * The text so that no spreadsheet program takes it for a formula, in XLSX, CSV or pasted: an apostrophe goes before
 * = + - @, a tab or a line break at its beginning (OWASP, "CSV Injection"). A plain negative number stays as it is.
 */
export function escapeFormula(text: string): string {
  return /^[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(text) && !/^-\d+([.,]\d+)?$/.test(text) ? `'${text}` : text
}
