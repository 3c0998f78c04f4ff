import { execFileSync, spawnSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PDFDocument } from '@cantoo/pdf-lib'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sealFileName } from '../../../core/pdf/embeddedFiles.ts'
import { PdfDocument } from '../../../core/pdf/pdfDocument.ts'
import { signatureFields } from '../../../core/pdf/signatureFields.ts'
import { type CmsSigner, oids } from '../../../server/keys/cms.ts'
import { derOid } from '../../../server/keys/der.ts'
import { inspectPdf } from '../../../server/keys/inspectPdf.ts'
import { jwkIdentity, publicJwk } from '../../../server/keys/jwkIdentity.ts'
import { keyStore } from '../../../server/keys/keyStore.ts'
import { signPdf } from '../../../server/keys/pades.ts'
import { pkcs12Signer } from '../../../server/keys/pkcs12.ts'
import { httpTimestamper } from '../../../server/keys/timestamp.ts'
import { diplomaFile } from '../../../server/printing/diplomaFile.ts'
import { renderDiploma } from '../../../server/printing/render/renderDiploma.ts'
import { ownTemplate, sampleDiploma } from '../../support/cardFixtures.ts'
import { cmsSignerOf, makeStateCertificate, type StateCertificate } from '../../support/stateCertificate.ts'
import { rejectedCode } from '../../support/thrownCode.ts'
import { startTimestampAuthority } from '../../support/timestampAuthority.ts'

const dir = mkdtempSync(join(tmpdir(), 'antin-pades-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const signedAt = new Date('2026-11-20T02:00:00Z')
const present = (command: string, argument = '-v') => spawnSync(command, [argument]).error === undefined

let state: StateCertificate
let diploma: Uint8Array
beforeAll(() => {
  state = makeStateCertificate()
  const attachment = {
    name: sealFileName,
    bytes: new Uint8Array([0xd2, 1]),
    mimeType: 'application/cose',
    description: 'Văn bằng đã niêm phong',
    relationship: 'data',
  } as const
  diploma = renderDiploma({ template: ownTemplate('van-bang'), diploma: sampleDiploma(), attachments: [attachment] }).pdf()
})

const byteRange = (pdf: Uint8Array) =>
  /\/ByteRange\[0 (\d+) (\d+) (\d+)\]/.exec(Buffer.from(pdf).toString('latin1'))!.slice(1).map(Number) as [number, number, number]

/** What stands in the gap, and what was signed, as files for openssl. */
function apart(pdf: Uint8Array): { cms: string; content: string } {
  const [gap, after] = byteRange(pdf)
  const hex = Buffer.from(pdf.subarray(gap + 1, after - 1)).toString('latin1')
  const bytes = Buffer.from(hex, 'hex')
  const [cms, content] = [join(dir, 'cms.der'), join(dir, 'content')]
  writeFileSync(cms, bytes.subarray(0, 4 + bytes.readUInt16BE(2)))
  writeFileSync(content, Buffer.concat([pdf.subarray(0, gap), pdf.subarray(after)]))
  return { cms, content }
}

/** What openssl says of the signature, where it is present. */
function expectCades(pdf: Uint8Array): void {
  const { cms, content } = apart(pdf)
  writeFileSync(join(dir, 'ca.pem'), state.issuerPem)
  const checked = spawnSync(
    'openssl',
    [
      'cms',
      '-verify',
      '-cades',
      '-binary',
      '-inform',
      'DER',
      '-in',
      cms,
      '-content',
      content,
      '-CAfile',
      join(dir, 'ca.pem'),
      '-purpose',
      'any',
      '-attime',
      String(signedAt.getTime() / 1000),
      '-out',
      '/dev/null',
    ],
    { encoding: 'utf8' },
  )
  if (!checked.error) expect(checked.stderr).toContain('CAdES Verification successful')
}

test.each(['RS256', 'PS256'] as const)(
  'PAdES-B-B with %s: pdfsig, openssl cms -cades and qpdf accept it, and so do we',
  async algorithm => {
    const pdf = await signPdf(diploma, cmsSignerOf(state, algorithm), { signedAt, reason: 'Cấp văn bằng' })
    expect(Buffer.from(pdf.subarray(0, diploma.length)).equals(diploma)).toBe(true)
    const [gap, after, rest] = byteRange(pdf)
    expect([pdf[gap], pdf[after - 1], after + rest]).toEqual([0x3c, 0x3e, pdf.length])
    const inspection = await inspectPdf(pdf)
    expect(inspection.signature).toMatchObject({ outcome: 'valid', coversWholeFile: true, signedAt: signedAt.getTime() / 1000 })
    expect(inspection.signature.keyThumbprint).toEqual(jwkIdentity(publicJwk(createPublicKey(state.privateKey))).thumbprint)
    expect(Buffer.from(inspection.signature.certificateDer!).equals(state.certificate)).toBe(true)
    expect(inspection.sealed).toEqual(new Uint8Array([0xd2, 1]))

    const file = join(dir, `${algorithm}.pdf`)
    writeFileSync(file, pdf)
    expectCades(pdf)
    if (present('pdfsig')) {
      const told = execFileSync('pdfsig', [file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      expect(told).toContain('Total document signed')
      expect(told).toContain('Signature is Valid')
      expect(told).toContain('ETSI.CAdES.detached')
    } else console.log('pdfsig is absent (apt package poppler-utils)')
    if (present('qpdf', '--version'))
      expect(execFileSync('qpdf', ['--check', file], { encoding: 'utf8' })).toContain('No syntax or stream encoding errors')
  },
)

test('the signed attributes are those of CAdES-B-B for PDF: signing-certificate-v2, no signing time', async () => {
  const pdf = Buffer.from(await signPdf(diploma, cmsSignerOf(state), { signedAt }))
  const cms = readFileSync(apart(pdf).cms)
  expect(cms.includes(Buffer.from(derOid(oids.signingCertificateV2)))).toBe(true)
  expect(cms.includes(Buffer.from(derOid(oids.messageDigest)))).toBe(true)
  expect(cms.includes(Buffer.from(derOid(oids.signingTime)))).toBe(false)
})

test('an appended update, a changed byte, an expired and a foreign certificate are told apart', async () => {
  const pdf = await signPdf(diploma, cmsSignerOf(state), { signedAt })
  const outcome = async (bytes: Uint8Array, isTrustedKey?: (thumbprint: Uint8Array) => boolean) =>
    (await inspectPdf(bytes, isTrustedKey ? { isTrustedKey } : {})).signature.outcome
  expect(await outcome(pdf)).toBe('valid')
  expect(await outcome(pdf, () => true)).toBe('valid')
  expect(await outcome(pdf, () => false)).toBe('foreign')
  const [gap, after] = byteRange(pdf)
  const changedAt = (at: number) => {
    const bytes = pdf.slice()
    bytes[at]! ^= 1
    return bytes
  }
  for (const at of [diploma.length >> 1, gap - 20, gap + 800]) expect(['broken', 'none']).toContain(await outcome(changedAt(at)))
  expect(await outcome(changedAt(diploma.indexOf(0x33, 5000)))).toBe('broken')
  expect(await outcome(Buffer.concat([pdf, Buffer.from('\n')]))).toBe('appended')
  const update = await appendPage(pdf)
  expect(await outcome(update)).toBe('appended')
  const expired = makeStateCertificate({ from: '2020-01-01', to: '2022-01-01' })
  expect(await outcome(await signPdf(diploma, cmsSignerOf(expired), { signedAt }))).toBe('expired')
  expect(await outcome(diploma)).toBe('none')
  // The gap must hold the signature and nothing else: bytes hidden in it are not vouched for.
  const widened = Buffer.from(pdf)
  const range = `/ByteRange[0 ${String(gap).padStart(10, '0')} ${String(after).padStart(10, '0')}`
  widened.write(`/ByteRange[0 ${String(gap - 10).padStart(10, '0')} ${String(after).padStart(10, '0')}`, widened.indexOf(range), 'latin1')
  expect(await outcome(widened)).toBe('broken')
})

/** The signed file with a page changed by an incremental update, as an attacker would. */
async function appendPage(pdf: Uint8Array): Promise<Uint8Array> {
  const document = await PdfDocument.open(pdf)
  const at = pdf.length
  const number = document.size
  const object = `${number} 0 obj\n(other words)\nendobj\n`
  const table = `xref\n${number} 1\n${String(at).padStart(10, '0')} 00000 n \ntrailer\n<</Size ${number + 1}/Root 83 0 R/Prev ${document.startXref}>>\nstartxref\n${at + object.length}\n%%EOF\n`
  const root = document.trailer.get('Root') as unknown as { number: number }
  return Buffer.concat([pdf, Buffer.from(object + table.replace('83 0 R', `${root.number} 0 R`), 'latin1')])
}

test('a genuine seal in a PDF signed by nobody, or by a key of its own, does not make it the issuer’s', async () => {
  const forger = makeStateCertificate({ name: 'Học viện Hành chính (MẪU)' })
  const pdf = await signPdf(diploma, cmsSignerOf(forger), { signedAt })
  const trusted = jwkIdentity(publicJwk(createPublicKey(state.privateKey))).thumbprint
  const inspection = await inspectPdf(pdf, { isTrustedKey: thumbprint => Buffer.from(thumbprint).equals(trusted) })
  expect(inspection.sealed).toBeDefined()
  expect(inspection.signature.outcome).toBe('foreign')
})

test('ES256 and a PKCS#12 file sign as well', async () => {
  const signer = pkcs12Signer(state.pkcs12, 'abc', 'document')
  const fromFile: CmsSigner = {
    certificates: signer.x5c.map(text => Buffer.from(text, 'base64')),
    algorithm: 'RS256',
    signAttributes: bytes => signer.sign({ kind: 'document', bytes }),
  }
  expect((await inspectPdf(await signPdf(diploma, fromFile, { signedAt }))).signature.outcome).toBe('valid')
  if (spawnSync('openssl', ['version']).error) return
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(join(dir, 'ec.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  execFileSync(
    'openssl',
    ['req', '-x509', '-key', join(dir, 'ec.key'), '-subj', '/CN=EC MAU', '-days', '30', '-outform', 'DER', '-out', join(dir, 'ec.der')],
    { stdio: 'pipe' },
  )
  const elliptic: CmsSigner = {
    certificates: [readFileSync(join(dir, 'ec.der'))],
    algorithm: 'ES256',
    signAttributes: bytes => sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  }
  expect((await inspectPdf(await signPdf(diploma, elliptic, { signedAt: new Date() }))).signature).toMatchObject({
    outcome: 'valid',
    coversWholeFile: true,
  })
})

test.each([
  [undefined, 'RS256'],
  ['pkcs1', 'RS256'],
  ['pss', 'PS256'],
] as const)('a key store that is told %p signs documents with %s, also after it is opened anew', async (documents, algorithm) => {
  const config = { dir: join(dir, `store-${algorithm}`), passphrase: 'p', documents }
  const store = keyStore(config)
  const { form, location, signer, x5c } = await store.keepSealed(await store.sealPkcs12(state.pkcs12, 'abc', 'document'), 'document')
  const reopened = await keyStore(config).open(form, location, 'document')
  for (const each of [signer, reopened]) {
    expect(each.algorithm).toBe(algorithm)
    const cmsSigner: CmsSigner = {
      certificates: x5c.map(text => Buffer.from(text, 'base64')),
      algorithm: each.algorithm,
      signAttributes: bytes => each.sign({ kind: 'document', bytes }),
    }
    const pdf = await signPdf(diploma, cmsSigner, { signedAt })
    expect((await inspectPdf(pdf)).signature).toMatchObject({ outcome: 'valid', coversWholeFile: true })
    expectCades(pdf)
    const { rsaPss } = oids
    expect(Buffer.from(readFileSync(apart(pdf).cms)).includes(Buffer.from(derOid(rsaPss)))).toBe(algorithm === 'PS256')
  }
})

const softHsm = ['/usr/lib/softhsm/libsofthsm2.so', '/usr/lib64/pkcs11/libsofthsm2.so'].find(existsSync)
if (!softHsm) console.info('PKCS#11 is not tested here: SoftHSM2 (libsofthsm2.so) is not installed')

;(softHsm ? test : test.skip)('a key that never leaves its PKCS#11 token signs as well', async () => {
  const env = { ...process.env, SOFTHSM2_CONF: join(dir, 'softhsm2.conf') }
  mkdirSync(join(dir, 'tokens'))
  writeFileSync(env.SOFTHSM2_CONF, `directories.tokendir = ${join(dir, 'tokens')}\nobjectstore.backend = file\n`)
  const util = (...args: string[]) => execFileSync('softhsm2-util', args, { env, stdio: 'pipe' })
  util('--init-token', '--free', '--label', 'antin', '--pin', '1234', '--so-pin', '5678')
  writeFileSync(join(dir, 'state.pk8'), state.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  util('--import', join(dir, 'state.pk8'), '--token', 'antin', '--label', 'state', '--id', 'a1', '--pin', '1234')
  const [plain, certificate] = ['plain.pdf', 'state.der'].map(name => join(dir, name)) as [string, string]
  writeFileSync(plain, diploma)
  writeFileSync(certificate, state.certificate)
  const script = join(import.meta.dirname, '../../support/pkcs11Pades.ts')
  for (const documents of ['pkcs1', 'pss']) {
    const signed = join(dir, `token-${documents}.pdf`)
    execFileSync(process.execPath, ['--no-warnings', script, softHsm!, plain, certificate, signed, documents], { env })
    expect((await inspectPdf(readFileSync(signed))).signature).toMatchObject({ outcome: 'valid', coversWholeFile: true })
    expectCades(readFileSync(signed))
  }
})

test('a diploma’s file in one step: rendered, seal and receipt inside, signed over all', async () => {
  const file = await diplomaFile({
    template: ownTemplate('van-bang'),
    diploma: sampleDiploma(),
    sealed: new Uint8Array([0xd2, 7]),
    receipt: '{"v":1,"anchor":null}',
    signer: cmsSignerOf(state),
    signedAt,
  })
  const inspection = await inspectPdf(file)
  expect(inspection.signature.outcome).toBe('valid')
  expect(inspection.sealed).toEqual(new Uint8Array([0xd2, 7]))
  expect(inspection.receipt).toBe('{"v":1,"anchor":null}')
})

test('PAdES-B-T: the time stamp of an RFC 3161 authority is inside and tells the time', async () => {
  if (spawnSync('openssl', ['version']).error) return console.log('openssl is absent')
  const authority = await startTimestampAuthority()
  try {
    const pdf = await signPdf(diploma, cmsSignerOf(state), { signedAt, timestamp: httpTimestamper(authority.url) })
    const { signatures } = await inspectPdf(pdf)
    expect(signatures).toHaveLength(1)
    expect(signatures[0]).toMatchObject({ verified: true, timestamped: true, wholeFile: true })
    expect(Math.abs(signatures[0]!.signedAt - Date.now() / 1000)).toBeLessThan(120)
    if (present('pdfsig')) {
      writeFileSync(join(dir, 't.pdf'), pdf)
      expect(execFileSync('pdfsig', [join(dir, 't.pdf')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })).toContain(
        'Signature is Valid',
      )
    }
  } finally {
    await authority.stop()
  }
  expect(await rejectedCode(signPdf(diploma, cmsSignerOf(state), { signedAt, timestamp: httpTimestamper(authority.url) }))).toBe(
    'pades.timestamp',
  )
  const lying = (async () => new Response(Buffer.from('3003020100', 'hex'))) as typeof fetch
  expect(await rejectedCode(httpTimestamper('http://127.0.0.1:1', lying)(new Uint8Array(4)))).toBe('pades.timestamp')
})

test('a file whose cross-reference is a stream is signed by an update of the same form; a signed one is refused', async () => {
  const other = await PDFDocument.create()
  other.addPage([200, 200])
  const streamed = await other.save({ useObjectStreams: true })
  const pdf = await signPdf(streamed, cmsSignerOf(state), { signedAt })
  expect((await inspectPdf(pdf)).signature).toMatchObject({ outcome: 'valid', coversWholeFile: true })
  const document = await PdfDocument.open(pdf)
  expect(document.usesXrefStream).toBe(true)
  expect(await signatureFields(document)).toHaveLength(1)
  if (present('qpdf', '--version')) {
    writeFileSync(join(dir, 'streamed.pdf'), pdf)
    expect(execFileSync('qpdf', ['--check', join(dir, 'streamed.pdf')], { encoding: 'utf8' })).toContain(
      'No syntax or stream encoding errors',
    )
  }
  expect(await rejectedCode(signPdf(pdf, cmsSignerOf(state), { signedAt }))).toBe('pades.signed')
  expect(await rejectedCode(signPdf(new Uint8Array(20), cmsSignerOf(state), { signedAt }))).toBe('pdf.syntax')
})
