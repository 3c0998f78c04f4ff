import { isUtf8 } from 'node:buffer'
import { AppError } from '../../core/errors.ts'

/**
 * The text of a file in UTF-8, UTF-16 (by its mark, or by the zero bytes of its first kilobyte) or, when neither fits,
 * Windows-1258, whose combining marks are then composed (NFC). The byte order mark is gone.
 * @throws table.encoding control characters show that it is no text
 */
export function decodeText(file: Buffer): string {
  const text = decoded(file)
  if (/[^\P{Cc}\t\n\v\f\r\x80-\x9f]/u.test(text.slice(0, 100_000))) throw new AppError('table.encoding')
  return text
}

function decoded(file: Buffer): string {
  if (file[0] === 0xff && file[1] === 0xfe) return file.toString('utf16le', 2)
  if (file[0] === 0xfe && file[1] === 0xff) return new TextDecoder('utf-16be').decode(file)
  if (file[0] === 0xef && file[1] === 0xbb && file[2] === 0xbf) {
    if (isUtf8(file)) return file.toString('utf8', 3)
    throw new AppError('table.encoding')
  }
  const zeros = zeroBytes(file.subarray(0, 1024))
  if (zeros.odd > zeros.even * 4 && zeros.odd > 8) return file.toString('utf16le')
  if (zeros.even > zeros.odd * 4 && zeros.even > 8) return new TextDecoder('utf-16be').decode(file)
  if (isUtf8(file)) return file.toString('utf8')
  return new TextDecoder('windows-1258').decode(file).normalize('NFC')
}

function zeroBytes(bytes: Buffer): { even: number; odd: number } {
  const zeros = { even: 0, odd: 0 }
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0) zeros[i % 2 === 0 ? 'even' : 'odd']++
  return zeros
}
