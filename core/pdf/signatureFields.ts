import type { PdfDocument } from './pdfDocument.ts'
import { latin1, type PdfDict, PdfName, PdfString, type PdfValue } from './pdfSyntax.ts'

/** A signature as the file has it; nothing is verified here. */
export interface PdfSignature {
  /** The CMS SignedData, DER; padding zeros cut off. */
  cms: Uint8Array
  /** What was signed: the bytes before and after the gap. Empty when `range` is not 'whole' or 'prefix'. */
  signedParts: readonly [Uint8Array, Uint8Array]
  /**
   * 'whole': the range is the file but for exactly this signature's hexadecimal string; 'prefix': the same, but the file goes
   * on after the range's end; 'odd': anything else, which proves nothing.
   */
  range: 'whole' | 'prefix' | 'odd'
  /** /SubFilter, for example `ETSI.CAdES.detached`. */
  subFilter: string
  /** /M, seconds since 1970: the signer's own claim. */
  claimedAt?: number
}

const MAX_FIELDS = 1000
const MAX_SIGNATURES = 32

/** Returns the signatures of the form's fields (ISO 32000-2, 12.7.5.5 and 12.8.1), in field order. Throws `pdf.syntax`. */
export async function signatureFields(document: PdfDocument): Promise<PdfSignature[]> {
  const catalog = await document.dict(document.trailer.get('Root'))
  const form = await document.dict(catalog?.get('AcroForm'))
  const found: PdfSignature[] = []
  const seen = new Set<PdfDict>()
  const walk = async (value: PdfValue, kind: string | undefined): Promise<void> => {
    const field = await document.dict(value)
    if (!field || seen.has(field) || seen.size >= MAX_FIELDS || found.length >= MAX_SIGNATURES) return
    seen.add(field)
    const own = await document.resolve(field.get('FT'))
    const type = own instanceof PdfName ? own.text : kind
    const signature = type === 'Sig' ? await document.dict(field.get('V')) : undefined
    if (signature) found.push(await readSignature(document, signature))
    for (const kid of (await document.array(field.get('Kids'))) ?? []) await walk(kid, type)
  }
  for (const field of (await document.array(form?.get('Fields'))) ?? []) await walk(field, undefined)
  return found
}

async function readSignature(document: PdfDocument, signature: PdfDict): Promise<PdfSignature> {
  const { bytes } = document
  // The gap has to be this very string, so /Contents must stand in the dictionary itself.
  const contents = signature.get('Contents')
  const range = await document.array(signature.get('ByteRange'))
  const subFilter = await document.resolve(signature.get('SubFilter'))
  const date = await document.resolve(signature.get('M'))
  const claimedAt = date instanceof PdfString ? parseDate(latin1(date.bytes)) : undefined
  const common = { subFilter: subFilter instanceof PdfName ? subFilter.text : '', ...(claimedAt === undefined ? {} : { claimedAt }) }
  const none = new Uint8Array(0)
  if (!(contents instanceof PdfString)) return { cms: none, signedParts: [none, none], range: 'odd', ...common }
  const cms = withoutPadding(contents.bytes)
  const [begin, gap, after, length] = (range ?? []) as number[]
  const end = (after ?? 0) + (length ?? 0)
  const exact =
    range?.length === 4 &&
    begin === 0 &&
    contents.hex &&
    gap === contents.start &&
    after === contents.end &&
    end <= bytes.length &&
    // The string was read from the file itself, not from an object stream.
    bytes[contents.start] === 0x3c &&
    bytes[contents.end - 1] === 0x3e
  if (!exact) return { cms, signedParts: [none, none], range: 'odd', ...common }
  return {
    cms,
    signedParts: [bytes.subarray(0, gap), bytes.subarray(after, end)],
    range: end === bytes.length ? 'whole' : 'prefix',
    ...common,
  }
}

/** The string is padded with zeros to its reserved room; DER says where it ends. */
function withoutPadding(bytes: Uint8Array): Uint8Array {
  const first = bytes[1] ?? 0
  let [length, header] = [first, 2]
  if (first > 0x80 && first <= 0x84) {
    header += first - 0x80
    length = 0
    for (let i = 2; i < header; i++) length = length * 256 + (bytes[i] ?? 0)
  }
  return bytes.subarray(0, Math.min(bytes.length, header + length))
}

/** `D:YYYYMMDDHHmmSS+HH'mm'` (7.9.4); undefined when malformed. */
function parseDate(text: string): number | undefined {
  const parts = /^D:(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:Z|([+-])(\d{2})'?(\d{2})?'?)?/.exec(text)
  if (!parts) return undefined
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [number, number, number, number, number, number]
  const offset = parts[7] ? (parts[7] === '-' ? -1 : 1) * (Number(parts[8]) * 3600 + Number(parts[9] ?? 0) * 60) : 0
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 - offset
}
