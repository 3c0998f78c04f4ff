// Mutated corpora against every parser: `npm run fuzz -- --minutes n [--seed n]`. Each call must answer, or throw an AppError, in bounded time.
import { readdirSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { PDFDocument } from '@cantoo/pdf-lib'
import sharp from 'sharp'
import { parseLive } from '../../core/credential/live.ts'
import { parseQrText } from '../../core/credential/qr.ts'
import { readSealed } from '../../core/credential/sealed.ts'
import { decodeCbor } from '../../core/encoding/strictCbor.ts'
import { parseJson } from '../../core/encoding/strictJson.ts'
import { AppError } from '../../core/errors.ts'
import { parseCheckpoint } from '../../core/log/checkpoint.ts'
import { parseEntry } from '../../core/log/entry.ts'
import { parseReceipt } from '../../core/log/receipt.ts'
import { parseSignedNote } from '../../core/log/signedNote.ts'
import { parseEntryBundle, parseTilePath } from '../../core/log/tiles.ts'
import { embeddedFiles } from '../../core/pdf/embeddedFiles.ts'
import { PdfDocument } from '../../core/pdf/pdfDocument.ts'
import { signatureFields } from '../../core/pdf/signatureFields.ts'
import { parseSdJwt } from '../../core/sd-jwt/parse.ts'
import { parseStatusListToken } from '../../core/status-list/statusListToken.ts'
import { parseCompactJws, parseGeneralJws } from '../../core/trust/jws.ts'
import { inspectPdf } from '../../server/keys/inspectPdf.ts'
import { signPdf } from '../../server/keys/pades.ts'
import { preparePhoto } from '../../server/photos/preparePhoto.ts'
import { readTable } from '../../server/tables/readTable.ts'
import { writeXlsx } from '../../server/tables/writeXlsx.ts'
import { cmsSignerOf, makeStateCertificate } from '../support/stateCertificate.ts'

type Target = (bytes: Buffer) => unknown

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' } } })
const end = Date.now() + Number(values.minutes) * 60_000
const longest = 5000
let state = Number(values.seed) >>> 0 || 1

/** A number below `bound`, from a small generator (xorshift32), so that a seed repeats a run. */
function below(bound: number): number {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return (state >>> 0) % bound
}

function mutated(seed: Buffer, other: Buffer): Buffer {
  let bytes = Buffer.from(seed)
  for (let rounds = 1 + below(4); rounds > 0; rounds--) {
    const at = below(bytes.length + 1)
    const kind = below(6)
    if (kind === 0 && bytes.length > 0) bytes[at % bytes.length]! ^= 1 << below(8)
    else if (kind === 1 && bytes.length > 0) bytes[at % bytes.length] = below(256)
    else if (kind === 2) bytes = bytes.subarray(0, at)
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(1 + below(64), below(256)), bytes.subarray(at)])
    else if (kind === 4) bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(below(other.length + 1))])
    else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + below(16)))])
    if (bytes.length > 200_000) bytes = bytes.subarray(0, 200_000)
  }
  return Buffer.from(bytes)
}

const text =
  (read: (text: string) => unknown): Target =>
  bytes =>
    read(bytes.toString('utf8'))
const rowsOf: Target = async bytes => {
  for await (const _row of readTable(bytes).rows);
}
const pdf: Target = async bytes => {
  const document = await PdfDocument.open(bytes)
  await embeddedFiles(document)
  await signatureFields(document)
}

const worked = JSON.stringify(JSON.parse(readFileSync(new URL('../vectors/worked.json', import.meta.url), 'utf8')))
const folder = new URL('../vectors/antin/files/', import.meta.url)
const files = readdirSync(folder).map(name => readFileSync(new URL(name, folder)))
const jpeg = await sharp({ create: { width: 240, height: 320, channels: 3, background: '#888' } })
  .jpeg()
  .toBuffer()
const xlsx = Buffer.concat(
  await writeXlsx([{ name: 'A', header: ['so_dinh_danh', 'ho_ten'], rows: [['001085012345', 'Nguyễn Văn A']] }] as never).toArray(),
)
const csv = Buffer.from('so_dinh_danh,ho_ten\n001085012345,"Nguyễn ""A"""\n')
const document = await PDFDocument.create()
document.addPage([200, 200])
await document.attach(Buffer.from('seal'), 'antin-seal.cose', { mimeType: 'application/cose' })
const plainPdf = Buffer.from(await document.save({ useObjectStreams: false }))
const packedPdf = Buffer.from(await document.save())

const signedPdf = Buffer.from(await signPdf(plainPdf, cmsSignerOf(makeStateCertificate()), { signedAt: new Date(1_800_000_000_000) }))
const cases = new URL('../vectors/antin/cases/', import.meta.url)
const sealed = readdirSync(cases)
  .map(name => (JSON.parse(readFileSync(new URL(name, cases), 'utf8')) as { sealed?: string }).sealed)
  .filter(hex => hex !== undefined)
  .map(hex => Buffer.from(hex, 'hex'))

const targets: Record<string, { run: Target; corpus: Buffer[] }> = {
  cbor: { run: bytes => decodeCbor(bytes), corpus: sealed },
  sealed: { run: bytes => readSealed(bytes), corpus: sealed },
  live: { run: bytes => parseLive(bytes), corpus: sealed },
  qr: { run: text(parseQrText), corpus: [Buffer.from(worked), Buffer.from(`https://a.example/v#${'1234567890'.repeat(60)}`)] },
  json: { run: text(parseJson), corpus: [Buffer.from(worked), Buffer.from('{"a":[1,2,{"b":null}],"c":"\\u00e9"}')] },
  jws: { run: text(one => [parseCompactJws(one, 'trust-list+jwt')]), corpus: files },
  root: { run: text(parseGeneralJws), corpus: files },
  sdJwt: { run: text(parseSdJwt), corpus: [Buffer.from(worked), ...files] },
  statusList: { run: text(parseStatusListToken), corpus: files },
  checkpoint: { run: text(parseCheckpoint), corpus: [...files, Buffer.from('a/log\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n')] },
  note: { run: text(parseSignedNote), corpus: files },
  entry: { run: bytes => parseEntry(bytes), corpus: [Buffer.from('{"agency":"G09","at":1,"type":"trust.published","v":1}'), ...files] },
  receipt: { run: text(one => parseReceipt(parseJson(one))), corpus: files },
  bundle: { run: bytes => parseEntryBundle(bytes, 1 + below(256)), corpus: files },
  tilePath: { run: text(parseTilePath), corpus: [Buffer.from('tile/0/x001/x234/067.p/8'), Buffer.from('tile/entries/000')] },
  pdf: { run: pdf, corpus: [plainPdf, packedPdf] },
  signedPdf: { run: bytes => inspectPdf(bytes), corpus: [signedPdf] },
  xlsx: { run: rowsOf, corpus: [xlsx] },
  csv: { run: rowsOf, corpus: [csv, ...files] },
  jpeg: { run: bytes => preparePhoto(bytes), corpus: [jpeg] },
}

const counts = Object.fromEntries(Object.keys(targets).map(name => [name, { calls: 0, refused: 0, slowest: 0 }]))
const names = Object.keys(targets)
let failures = 0
while (Date.now() < end) {
  const name = names[below(names.length)]!
  const { run, corpus } = targets[name]!
  const bytes = mutated(corpus[below(corpus.length)]!, corpus[below(corpus.length)]!)
  const count = counts[name]!
  const start = performance.now()
  try {
    await run(bytes)
  } catch (error) {
    count.refused++
    if (!(error instanceof AppError)) {
      failures++
      console.error(`${name} threw ${String(error)} for ${bytes.length} bytes: ${bytes.subarray(0, 400).toString('base64')}`)
    }
  }
  const took = performance.now() - start
  count.calls++
  count.slowest = Math.max(count.slowest, Math.round(took))
  if (took > longest) {
    failures++
    console.error(`${name} took ${Math.round(took)} ms for ${bytes.length} bytes: ${bytes.subarray(0, 400).toString('base64')}`)
  }
  if (failures >= 20) break
}
console.table(counts)
process.exitCode = failures > 0 ? 1 : 0
