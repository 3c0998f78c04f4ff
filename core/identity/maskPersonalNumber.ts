/** `001***012345`: enough to tell people apart, not enough to use. */
export function maskPersonalNumber(personalNumber: string): string {
  return personalNumber === '' ? '' : `${personalNumber.slice(0, 3)}***${personalNumber.slice(6)}`
}
