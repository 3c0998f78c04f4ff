import { concatBytes } from '../encoding/bytes.ts'
import { AppError } from '../errors.ts'
import { decodeBase64, encodeBase64 } from './base64.ts'

/** One signature line: `keyId` 4 bytes, `signature` what follows it. */
export interface NoteSignature {
  readonly name: string
  readonly keyId: Uint8Array
  readonly signature: Uint8Array
}

/** A text, ending in a newline, with its signatures. C2SP signed-note. */
export interface SignedNote {
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

const maxSignatures = 64

/** The note as it is served. C2SP signed-note. */
export function formatSignedNote({ text, signatures }: SignedNote): string {
  return `${text}\n${signatures.map(s => `— ${s.name} ${encodeBase64(concatBytes(s.keyId, s.signature))}\n`).join('')}`
}

/** Reads a signed note; log.note when it is none, is over 64 KiB or has over 64 signatures. C2SP signed-note. */
export function parseSignedNote(note: string): SignedNote {
  const split = note.lastIndexOf('\n\n')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the format forbids them
  if (note.length > 65_536 || split < 0 || !note.endsWith('\n') || /[\u0000-\u0009\u000b-\u001f]/.test(note))
    throw new AppError('log.note', 'no text with signature lines')
  const lines = note.slice(split + 2, -1).split('\n')
  if (lines.length > maxSignatures) throw new AppError('log.note', `over ${maxSignatures} signatures`)
  return { text: note.slice(0, split + 1), signatures: lines.map(parseSignatureLine) }
}

function parseSignatureLine(line: string): NoteSignature {
  const parts = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line)
  const bytes = parts && decodeBase64(parts[2]!)
  if (!parts || !bytes || bytes.length < 5) throw new AppError('log.note', 'a signature line is malformed')
  return { name: parts[1]!, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) }
}
