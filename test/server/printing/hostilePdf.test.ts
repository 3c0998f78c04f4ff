import { deflateSync } from 'node:zlib'
import { expect, test } from '@jest/globals'
import { der, derOid } from '../../../server/keys/der.ts'
import { inspectPdf } from '../../../server/keys/inspectPdf.ts'

// Files made to cost more than they weigh. Each is answered, soon, and without memory to match.

/** A file of these objects with a plain table; number 1 is the catalog. */
function pdfOf(objects: (string | Buffer)[], trailer = ''): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n')]
  const offsets: number[] = []
  let at = parts[0]!.length
  for (const [index, object] of objects.entries()) {
    offsets.push(at)
    const part = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), Buffer.from(object), Buffer.from('\nendobj\n')])
    parts.push(part)
    at += part.length
  }
  const rows = offsets.map(offset => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}trailer\n<</Size ${objects.length + 1}/Root 1 0 R${trailer}>>\n`
  return Buffer.concat([...parts, Buffer.from(`${table}startxref\n${at}\n%%EOF\n`)])
}

/** A file whose only cross-reference is a stream with this dictionary and data. */
function xrefStreamPdf(entries: string, data: Buffer): Buffer {
  const head = Buffer.from('%PDF-1.7\n')
  const object = Buffer.concat([
    Buffer.from(`1 0 obj\n<</Type/XRef/Root 2 0 R/Length ${data.length}${entries}>>\nstream\n`),
    data,
    Buffer.from('\nendstream\nendobj\n'),
  ])
  return Buffer.concat([head, object, Buffer.from(`startxref\n${head.length}\n%%EOF\n`)])
}

const stream = (entries: string, data: Buffer) =>
  Buffer.concat([Buffer.from(`<<${entries}/Length ${data.length}>>\nstream\n`), data, Buffer.from('\nendstream')])
const bomb = (megabytes: number, fill = 0x20) => deflateSync(Buffer.alloc(megabytes * 1024 * 1024, fill), { level: 9 })

/** Processor time, not the clock's: other tests run beside this one. */
async function inspected(pdf: Buffer) {
  const [start, before] = [process.cpuUsage(), process.memoryUsage.rss()]
  const inspection = await inspectPdf(pdf)
  const { user, system } = process.cpuUsage(start)
  expect((user + system) / 1e6).toBeLessThan(8)
  expect((process.memoryUsage.rss() - before) / 1e6).toBeLessThan(500)
  return inspection
}

test('a cross-reference of entries without width, from a number that cannot grow, ends', async () => {
  const { attachments, signature } = await inspected(xrefStreamPdf('/Size 1/W[0 0 0]/Index[9007199254740992 +1e300]', Buffer.from('x')))
  expect([attachments, signature.outcome]).toEqual([[], 'none'])
})

test('eight million free entries are not kept', async () => {
  const pdf = xrefStreamPdf('/Size 9000000/W[1 0 0]/Filter/FlateDecode', bomb(8, 0))
  expect((await inspected(pdf)).signature.outcome).toBe('none')
})

test('two hundred attachments of eight megabytes each, out of a file of two, are refused', async () => {
  const data = bomb(8)
  const count = 200
  const specification = (index: number) => `<</Type/Filespec/F(${index})/EF<</F ${3 + index} 0 R>>>>`
  const all = Array.from({ length: count }, (_, index) => specification(index))
  const names = all.slice(0, 100).map((each, index) => `(${index})${each}`)
  const pdf = pdfOf([
    `<</Type/Catalog/Names<</EmbeddedFiles<</Names[${names.join('')}]>>>>/AF[${all.slice(100).join('')}]>>`,
    'null',
    ...all.map(() => stream('/Filter/FlateDecode', data)),
  ])
  expect((await inspected(pdf)).attachments).toEqual([])
})

test('a thousand objects that all lie at one place in a stream are not each read anew', async () => {
  const count = 2000
  const array = Buffer.from(`[${'1 '.repeat(1_500_000)}]`)
  const head = Buffer.from(Array.from({ length: count }, (_, index) => `${10 + index} 0 `).join(''))
  const container = stream(`/Type/ObjStm/N ${count}/First ${head.length}/Filter/FlateDecode`, deflateSync(Buffer.concat([head, array])))
  const fields = Array.from({ length: count }, (_, index) => `${10 + index} 0 R`).join(' ')
  const objects = [Buffer.from(`<</Type/Catalog/AcroForm<</Fields[${fields}]>>>>`), container]
  const parts = [Buffer.from('%PDF-1.7\n')]
  const offsets = objects.map((object, index) => {
    const offset = parts.reduce((sum, part) => sum + part.length, 0)
    parts.push(Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), object, Buffer.from('\nendobj\n')]))
    return offset
  })
  const at = parts.reduce((sum, part) => sum + part.length, 0)
  const row = (kind: number, second: number, third: number) => {
    const bytes = Buffer.alloc(7)
    bytes[0] = kind
    bytes.writeUInt32BE(second, 1)
    bytes.writeUInt16BE(third, 5)
    return bytes
  }
  const rows = Buffer.concat([
    row(1, offsets[0]!, 0),
    row(1, offsets[1]!, 0),
    ...Array.from({ length: count }, (_, index) => row(2, 2, index)),
  ])
  const reference = `3 0 obj\n<</Type/XRef/Size ${10 + count}/W[1 4 2]/Index[1 2 10 ${count}]/Root 1 0 R/Length ${rows.length}>>\nstream\n`
  const pdf = Buffer.concat([...parts, Buffer.from(reference), rows, Buffer.from(`\nendstream\nendobj\nstartxref\n${at}\n%%EOF\n`)])
  expect((await inspected(pdf)).signature.outcome).toBe('none')
})

test('a signature whose certificate is none is broken, not an error', async () => {
  const [sequence, integer] = [(...parts: Uint8Array[]) => der(0x30, ...parts), (value: number) => der(0x02, Uint8Array.of(value))]
  // Issuer and serial number stand where they should; nothing else does.
  const certificate = sequence(sequence(integer(7), sequence(), sequence()), sequence())
  const signer = sequence(integer(1), sequence(sequence(), integer(7)), sequence())
  const signedData = sequence(integer(1), der(0x31), sequence(derOid('1.2.840.113549.1.7.1')), der(0xa0, certificate), der(0x31, signer))
  const cms = sequence(derOid('1.2.840.113549.1.7.2'), der(0xa0, signedData))
  const pdf = pdfOf([
    '<</Type/Catalog/AcroForm<</Fields[2 0 R]>>>>',
    `<</FT/Sig/T(a)/V<</Type/Sig/SubFilter/ETSI.CAdES.detached/ByteRange[0 1 2 3]/Contents<${Buffer.from(cms).toString('hex')}>>>>>`,
  ])
  const { signatures, signature } = await inspected(pdf)
  expect(signatures).toHaveLength(1)
  expect(signature.outcome).toBe('broken')
  expect(Buffer.from(signatures[0]!.certificate).equals(Buffer.from(certificate))).toBe(true)
})
