const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** The check character of a text of `0-9A-Z` (ISO 7064 MOD 37,36); `undefined` when the text is empty or holds another character. */
export function checkCharacter(text: string): string | undefined {
  let product = 36
  for (const character of text) {
    const value = alphabet.indexOf(character)
    if (value < 0) return undefined
    product = (((product + value) % 36 || 36) * 2) % 37
  }
  return text === '' ? undefined : alphabet[(37 - product) % 36]
}
