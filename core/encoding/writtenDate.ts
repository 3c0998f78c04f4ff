/** `YYYY-MM-DD`, `YYYY-MM` or `YYYY` as it is written in Vietnam: `dd/mm/yyyy`, `mm/yyyy`, `yyyy`. */
export function writtenDate(date: string): string {
  return date.split('-').reverse().join('/')
}
