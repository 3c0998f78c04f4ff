import { maxSdJwtLength } from './parse.ts'

/** The text of what is meant to be an SD-JWT, though perhaps a wrong one, in a file or field; undefined for anything else. */
export function sdJwtText(given: Uint8Array | string): string | undefined {
  const text = (typeof given === 'string' ? given.slice(0, maxSdJwtLength + 3) : latin1(given.subarray(0, maxSdJwtLength + 3))).trim()
  return /^eyJ[\w-]*\.[\w-]*\.[\w-]*~/.test(text) ? text : undefined
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes)
}
