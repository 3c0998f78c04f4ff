import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PDFDocument } from '@cantoo/pdf-lib'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { keccak256 } from 'ethers'
import QRCode from 'qrcode'
import sharp from 'sharp'
import { CliError, type CliIo } from '../../cli/io.ts'
import { verify } from '../../cli/verify.ts'
import { encodeLive, liveMessage } from '../../core/credential/live.ts'
import { sealBinding } from '../../core/credential/liveBinding.ts'
import { liveUrl, qrSegments, sealedUrl } from '../../core/credential/qr.ts'
import { refOf } from '../../core/credential/ref.ts'
import { parseSealed } from '../../core/credential/sealed.ts'
import { webCrypto } from '../../core/crypto/webCrypto.ts'
import { toHex } from '../../core/encoding/bytes.ts'
import { receiptFileName, sealFileName } from '../../core/pdf/embeddedFiles.ts'
import type { Report } from '../../core/verification/report.ts'
import { signPdf } from '../../server/keys/pades.ts'
import { testKey } from '../support/antin-vectors/testKey.ts'
import { readVectors } from '../support/antin-vectors/vectorFile.ts'
import { contract, documentFile, type Files, host, makeWorld, now } from '../support/antin-vectors/world.ts'
import { cmsSignerOf, makeStateCertificate } from '../support/stateCertificate.ts'

const world = await makeWorld()
const folder = mkdtempSync(join(tmpdir(), 'antin-verify-'))
const card = await world.card('card')
const diploma = await world.diploma('diploma')
const { log, leaf } = await world.logged(diploma)
const code = '0x6001600203'
const anchors = [{ ...contract, codeHash: keccak256(code) }]
const files: Files = {
  ...(await world.files()),
  [world.proofPath(diploma)]: JSON.stringify(log.receipt(leaf, { size: 10, anchor: world.anchorAt(log, 12, 10) })),
  ...log.files(),
}
files['/.well-known/antin/trust-list'] = await world.index(files, { anchors })
const common = ['--trust-root', world.pin, '--at', String(now)]

let server: Server
let base: string
const rpcCalls: string[] = []

beforeAll(async () => {
  server = createServer((req, res) => {
    if (req.method === 'POST' && req.url === '/rpc') {
      let body = ''
      req.on('data', chunk => (body += chunk)).on('end', () => res.end(rpcAnswer(body)))
      return
    }
    const file = files[req.url!]
    res.statusCode = file === undefined ? 404 : 200
    res.end(file)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
  rmSync(folder, { recursive: true })
})

/** A chain node with the contract of the index; ethers batches nothing. */
function rpcAnswer(body: string): string {
  const { id, method, params } = JSON.parse(body)
  rpcCalls.push(`${method} ${method === 'eth_getBlockByNumber' ? params[0] : (params?.at(-1) ?? '')}`)
  const results: Record<string, unknown> = {
    eth_chainId: '0x7a69',
    eth_getBlockByNumber: { number: '0x5a', timestamp: `0x${now.toString(16)}` },
    eth_getCode: code,
    eth_call: `0x${toHex(log.root(12))}`,
  }
  return JSON.stringify({ jsonrpc: '2.0', id, result: results[method] ?? null })
}

async function run(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  const out: string[] = []
  const err: string[] = []
  const io: CliIo = {
    out: line => out.push(line),
    err: line => err.push(line),
    progress: () => {},
    env: { ANTIN_HOME: folder, LANG: 'vi_VN' },
    isTerminal: false,
  }
  const exit = await verify(args, io).catch(error => {
    if (!(error instanceof CliError)) throw error
    err.push(error.message)
    return error.exitCode
  })
  return { exit, out: out.join('\n'), err: err.join('\n') }
}

async function report(...args: string[]): Promise<{ exit: number; report: Report }> {
  const { exit, out } = await run(...args, '--json')
  return { exit, report: JSON.parse(out) }
}

function codesOf({ checks }: Report): Record<string, string> {
  return Object.fromEntries(checks.map(check => [check.name, check.code]))
}

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

const qr = (sealed: Uint8Array) => sealedUrl(host, sealed)
const root1 = write('root-1.json', String(files['/.well-known/antin/root/1']))
const root2 = write('root-2.json', String(files['/.well-known/antin/root/2']))
const slice = write('G09.jwt', String(files['/.well-known/antin/trust/G09']))
const index = write('index.jwt', String(files['/.well-known/antin/trust-list']))
const list = write('list-1.jwt', String(files['/status-lists/1']))
const receipt = write('receipt.json', String(files[world.proofPath(diploma)]))
const trust = [root1, root2, slice].flatMap(path => ['--trust-list', path])
const offline = [...common, '--offline', ...trust, '--status-list', list]

test('online: everything but the pin comes from the server', async () => {
  const { exit, out } = await run(qr(card), ...common, '--url', base)
  expect(out).toContain('HỢP LỆ')
  expect(out).toContain('Nguyễn Thị Hương Thảo (MẪU)')
  expect(exit).toBe(0)
})

test('offline from files: a card by its QR text, and a diploma with its receipt', async () => {
  expect((await run(qr(card), ...offline)).exit).toBe(0)
  const { exit, report: found } = await report(qr(diploma), ...offline, '--trust-list', index, '--receipt', receipt)
  expect(codesOf(found)).toMatchObject({ log: 'log.passed', anchor: 'anchor.no-node' })
  expect(exit).toBe(0)
})

test('of several files the one that answers is taken: the own receipt, the newest list and index, the own slice', async () => {
  const other = await world.diploma('other')
  const several = mkdtempSync(join(folder, 'several-'))
  const pieces: Record<string, string | Uint8Array> = {
    a: await world.slice('G09.12.04'),
    b: await world.slice('G09', { seq: 7, iat: now - 20 * 3600 }),
    c: await world.index({}, { seq: 7 }),
    d: await world.statusList('G09', { iat: now - 3 * 3600 }),
    ...Object.fromEntries([root1, root2, slice, index, list, receipt].map((path, i) => [`m${i}`, readFileSync(path)])),
    z: JSON.stringify((await world.logged(other)).log.receipt(leaf)),
  }
  for (const [name, piece] of Object.entries(pieces)) writeFileSync(join(several, name), piece)
  const args = [...common, '--offline', '--trust-list', several]
  const { exit, report: found } = await report(qr(diploma), ...args)
  expect([exit, codesOf(found).issuer, codesOf(found).log]).toEqual([0, 'issuer.passed', 'log.passed'])
  expect(found.checks.find(check => check.name === 'status')?.asOf).toBe(now - 300)
  expect(codesOf((await report(qr(await world.diploma('third')), ...args)).report).log).toBe('log.foreign')
})

test('a stranger’s file among several makes no ended card valid, however new it says it is', async () => {
  const ended = await world.card('ended', { status: { list: 1, idx: 50 } })
  const [header, payload, signature] = String(files['/status-lists/1']).split('.') as [string, string, string]
  const newer = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), iat: now }
  const forged = [header, Buffer.from(JSON.stringify(newer)).toString('base64url'), signature].join('.')
  expect(codesOf((await report(qr(ended), ...offline)).report).status).toBe('status.revoked')
  const withList = await report(qr(ended), ...offline, '--status-list', write('stranger.jwt', forged))
  expect([withList.exit, codesOf(withList.report).status]).toEqual([2, 'status.signature'])
  const { payload: _, ...signed } = JSON.parse(String(files['/.well-known/antin/root/1']))
  const root = write('stranger.json', JSON.stringify({ payload: 'e30', ...signed }))
  expect((await run(qr(card), ...offline, '--trust-list', root)).exit).toBe(2)
})

test('one file may hold several pieces, a line each or as an array', async () => {
  const pieces = ['/.well-known/antin/root/1', '/.well-known/antin/root/2', '/.well-known/antin/trust/G09', '/status-lists/1'].map(path =>
    String(files[path]),
  )
  for (const bundle of [write('lines.txt', pieces.join('\n')), write('array.json', JSON.stringify(pieces))]) {
    expect((await run(qr(card), ...common, '--offline', '--trust-list', bundle)).exit).toBe(0)
  }
})

test('--trust-root takes the documents themselves, of which the caller is sure', async () => {
  const args = [
    '--at',
    String(now),
    '--offline',
    '--trust-root',
    root1,
    '--trust-root',
    root2,
    '--trust-list',
    slice,
    '--status-list',
    list,
  ]
  expect((await run(qr(card), ...args)).exit).toBe(0)
})

test('--keep saves what an offline verification needs later', async () => {
  for (const sealed of [card, diploma]) {
    const kept = mkdtempSync(join(folder, 'kept-'))
    expect((await run(qr(sealed), ...common, '--url', base, '--keep', kept)).exit).toBe(0)
    expect((await run(qr(sealed), ...common, '--offline', '--trust-list', kept)).exit).toBe(0)
  }
})

test('a tampered card is invalid, in words', async () => {
  const wrong = card.slice()
  wrong[100]! ^= 1
  const { exit, out } = await run(qr(wrong), ...offline)
  expect(out.split('\n')[0]).toMatch(/^KHÔNG HỢP LỆ: /)
  expect(exit).toBe(1)
  expect((await run(qr(wrong), ...offline, '--lang', 'en')).out).toMatch(/^INVALID: /)
})

test('what cannot be had is undetermined: no list, another list, no pin, another pin, no server', async () => {
  const codes = async (...args: string[]) => {
    const { exit, report: found } = await report(...args)
    expect(exit).toBe(2)
    return codesOf(found)
  }
  expect((await codes(qr(card), ...common, '--offline', ...trust)).status).toBe('status.missing')
  const other = write('list-2.jwt', await world.statusList('G09', { number: 2 }))
  expect((await codes(qr(card), ...common, '--offline', ...trust, '--status-list', other)).status).toBe('status.other-list')
  expect((await codes(qr(card), '--at', String(now), '--offline', ...trust, '--status-list', list)).issuer).toBe('issuer.root-unpinned')
  expect(
    (await codes(qr(card), '--trust-root', 'ab'.repeat(32), '--at', String(now), '--offline', ...trust, '--status-list', list)).issuer,
  ).toBe('issuer.root-unpinned')
  expect((await codes(qr(card), ...common, '--url', 'http://127.0.0.1:9')).issuer).toBe('issuer.root-missing')
})

test('pictures: a QR as PNG, JPEG and WebP, also small and blurred', async () => {
  const png = await QRCode.toBuffer(qrSegments(qr(card)) as never, { errorCorrectionLevel: 'M', scale: 4, margin: 4 })
  const pictures = {
    'qr.png': png,
    'qr.jpg': await sharp(png).jpeg({ quality: 80 }).toBuffer(),
    'qr.webp': await sharp(png).webp().toBuffer(),
    'qr.tiff': await sharp(png).tiff().toBuffer(),
    'qr.gif': await sharp(png).gif().toBuffer(),
    'qr.svg': Buffer.from(await QRCode.toString(qrSegments(qr(card)) as never, { type: 'svg', errorCorrectionLevel: 'M', width: 600 })),
    'blurred.png': await sharp(png).blur(1.2).toBuffer(),
    'large.png': await sharp(png).resize({ width: 2400 }).blur(3).toBuffer(),
  }
  for (const [name, bytes] of Object.entries(pictures)) expect([name, (await run(write(name, bytes), ...offline)).exit]).toEqual([name, 0])
  const { exit, err } = await run(
    write(
      'blank.png',
      await sharp({ create: { width: 60, height: 60, channels: 3, background: 'white' } })
        .png()
        .toBuffer(),
    ),
    ...offline,
  )
  expect([exit, err]).toEqual([2, expect.stringContaining('no readable code')])
  const foreign = await run(write('foreign.png', await QRCode.toBuffer('https://evil.example/pay')), ...offline)
  expect(foreign.exit).toBe(1)
  expect(foreign.err).toContain('evil.example')
})

test('a PDF that carries the seal: the diploma is real, the file itself is not the registered one', async () => {
  const pdf = await PDFDocument.create()
  pdf.addPage([200, 200]).drawText('MAU')
  await pdf.attach(diploma, sealFileName, { mimeType: 'application/cose' })
  const path = write('diploma.pdf', await pdf.save())
  const { exit, report: found } = await report(path, ...offline, '--trust-list', index, '--receipt', receipt)
  expect(codesOf(found)).toMatchObject({ signature: 'signature.passed', document: 'document.copy' })
  expect(exit).toBe(2)
})

test('a mistyped file name with blanks in it is wrong usage; other text with a dot or a slash is judged', async () => {
  expect((await run('bằng tốt nghiệp.pdf', ...offline)).exit).toBe(64)
  for (const text of ['001|Nguyễn Văn A|Số 12/3 TP.HCM', 'Xin chào. Tạm biệt', 'số 12/3 phố Huế'])
    expect((await run(text, ...offline)).exit).toBe(1)
})

test('nothing is no forged card: an empty argument is wrong usage, an empty file holds no credential', async () => {
  expect((await run('', ...offline)).exit).toBe(64)
  const { exit, err } = await run(write('trống.pdf', ''), ...offline)
  expect(err).toContain('the file is damaged')
  expect(exit).toBe(2)
})

test('as a program: - is standard input, and every command tells its options instead of starting', () => {
  const antin = (args: string[], input = '') => {
    const { status, stdout } = spawnSync(process.execPath, ['cli/main.ts', ...args], { input, encoding: 'utf8' })
    return { status, stdout }
  }
  expect(antin(['verify', '-', ...offline, '--json'], `${qr(card)}\n`).status).toBe(0)
  for (const name of ['serve', 'work', 'start', 'migrate']) {
    const { status, stdout } = antin([name, '--help'])
    expect(stdout).toContain(`antin ${name} [--json]`)
    expect(status).toBe(0)
  }
})

test('signed PDFs: an unsigned one, a foreign certificate, an addition and a changed byte are told apart in words', async () => {
  const pdf = await PDFDocument.create()
  pdf.addPage([200, 200]).drawText('MAU')
  await pdf.attach(diploma, sealFileName, { mimeType: 'application/cose' })
  const state = makeStateCertificate()
  const plain = await pdf.save({ useObjectStreams: false })
  const signed = await signPdf(plain, cmsSignerOf(state), { signedAt: new Date((now - 60) * 1000) })
  const changed = signed.slice()
  changed[changed.indexOf(0x32, changed.length >> 2)]! ^= 1
  // Trust documents that name the certificate.
  const key = await world.keyPayload('G09', 'document', { x5c: [Buffer.from(state.certificate).toString('base64')] })
  const agencies = { ...world.agencies, G09: { ...world.agencies.G09, keys: [...world.agencies.G09.keys, key] } }
  const naming = await world.files(agencies)
  const own = ['/.well-known/antin/trust/G09', '/.well-known/antin/trust-list'].map((path, i) =>
    write(`own-${i}.jwt`, String(naming[path])),
  )
  const args = (bytes: Uint8Array, documents: string[]) => [
    write('signed.pdf', bytes),
    ...common,
    '--offline',
    ...[root1, root2, ...documents].flatMap(path => ['--trust-list', path]),
    '--status-list',
    list,
    '--receipt',
    receipt,
  ]
  const said = async (bytes: Uint8Array, documents = [slice, index]) => {
    const { exit, out } = await run(...args(bytes, documents))
    return [exit, out.split('\n')[0]]
  }
  expect(await said(plain)).toEqual([2, expect.stringContaining('không có chữ ký số')])
  expect(await said(signed)).toEqual([2, expect.stringContaining('không phải của cơ quan cấp văn bằng này')])
  expect(await said(changed)).toEqual([1, expect.stringMatching(/^KHÔNG HỢP LỆ: .*tệp đã bị sửa/)])
  expect(await said(signed, own)).toEqual([0, 'HỢP LỆ'])
  expect(await said(Buffer.concat([signed, Buffer.from('\n% more')]), own)).toEqual([2, expect.stringContaining('thêm nội dung sau khi')])
  const early = await signPdf(plain, cmsSignerOf(state), { signedAt: new Date('2001-01-01T00:00:00Z') })
  expect(await said(early, own)).toEqual([2, expect.stringContaining('không còn hiệu lực')])
})

test('a scanned PDF: the QR is found in its picture', async () => {
  const pdf = await PDFDocument.create()
  const scan = await sharp(await QRCode.toBuffer(qrSegments(qr(diploma)) as never, { errorCorrectionLevel: 'M', scale: 5 }))
    .jpeg()
    .toBuffer()
  const image = await pdf.embedJpg(scan)
  pdf.addPage([600, 600]).drawImage(image, { x: 50, y: 50, width: 400, height: 400 })
  const { report: found } = await report(write('scan.pdf', await pdf.save()), ...offline)
  expect(codesOf(found)).toMatchObject({ signature: 'signature.passed', document: 'document.copy' })
})

test('the file that came with a QR is compared by its digest', async () => {
  const path = write('registered.bin', documentFile)
  const args = [qr(diploma), ...offline, '--trust-list', index, '--receipt', receipt, '--document']
  expect(codesOf((await report(...args, path)).report).document).toBe('document.matches')
  expect((await run(...args, write('other.bin', 'other'))).exit).toBe(2)
})

test('--rpc asks a node of ours at the finalised block; another contract than --contract does not count', async () => {
  const args = [qr(diploma), ...common, '--url', base, '--strict', '--rpc', `${base}/rpc`]
  rpcCalls.length = 0
  const { exit, report: found } = await report(...args)
  expect(codesOf(found)).toMatchObject({ log: 'log.passed', anchor: 'anchor.passed' })
  expect(exit).toBe(0)
  expect(rpcCalls.filter(call => !call.startsWith('eth_chainId'))).toEqual([
    'eth_getBlockByNumber finalized',
    'eth_getCode 0x5a',
    'eth_call 0x5a',
  ])
  expect((await run(...args, '--contract', contract.address)).exit).toBe(0)
  expect(codesOf((await report(...args, '--contract', `0x${'11'.repeat(20)}`)).report).anchor).toBe('anchor.silent')
  expect(codesOf((await report(...args.slice(0, -1), 'http://127.0.0.1:9/')).report).anchor).toBe('anchor.silent')
})

test('marks: a list older than one taken before is not taken again', async () => {
  const marks = ['--marks', join(folder, 'marks.json')]
  expect((await run(qr(card), ...offline, ...marks)).exit).toBe(0)
  const older = write('older.jwt', await world.statusList('G09', { iat: now - 3600 }))
  const { report: found } = await report(qr(card), ...common, '--offline', ...trust, '--status-list', older, ...marks)
  expect(codesOf(found).status).toBe('status.older')
})

test('a live QR: shown now it is valid, as a screenshot or once unbound undetermined', async () => {
  const holder = await testKey('holder')
  const ref = await refOf(parseSealed(card).claims.cti, webCrypto)
  const agency = await world.keyOf('G09', 'card')
  const binding = await sealBinding({
    kid: agency.kid,
    sign: agency.sign,
    binding: { ref, holderKey: holder.jwk, iat: now - 3600, exp: now + 86_400 },
  })
  const digest = await webCrypto.sha256(card)
  const shown = (time: number) => {
    const signature = holder.sign(liveMessage(new URL(base).host, digest, time))
    return liveUrl(host, encodeLive({ sealed: card, binding, time, signature }))
  }
  const bound = `/live-bindings/${toHex(holder.thumbprint)}`
  files[bound] = '{}'
  expect((await run(shown(now), ...common, '--url', base)).exit).toBe(0)
  const screenshot = await run(shown(now - 3600), ...common, '--url', base, '--lang', 'en')
  expect([screenshot.exit, screenshot.out]).toEqual([2, expect.stringContaining('perhaps a screenshot')])
  delete files[bound]
  expect((await run(shown(now), ...common, '--url', base)).exit).toBe(2)
})

test('wrong usage is 64', async () => {
  expect((await run()).exit).toBe(64)
  expect((await run('a', 'b')).exit).toBe(64)
  expect((await run('no-such-file.png')).exit).toBe(64)
  expect((await run(qr(card), '--at', 'yesterday')).exit).toBe(64)
  expect((await run(qr(card), '--policy', 'lax')).exit).toBe(64)
  expect((await run(qr(card), '--offline', '--trust-list', join(folder, 'none'))).exit).toBe(64)
  expect((await run(qr(card), '--offline', '--trust-list', write('text.txt', 'hello'))).exit).toBe(64)
})

test('verifies an SD-JWT VC of a diploma from a wallet: file or text, holder binding asked for or not', async () => {
  const { sdJwt, files: logged } = readVectors().find(one => one.name === 'sd-jwt-diploma-bound')!
  for (const [path, file] of Object.entries(logged)) if (path.startsWith('/log/proof')) files[path] = file
  const { text, binding } = sdJwt!
  const file = write('diploma.sd-jwt', `${text}\n`)
  const bound = await run(file, '--url', base, '--aud', binding!.aud, '--nonce', binding!.nonce, '--lang', 'en', ...common)
  expect([bound.exit, bound.out]).toEqual([0, expect.stringMatching(/^VALID\n/)])
  expect(bound.out).toContain('Full name: Trần Văn Bình (MẪU)')
  expect(bound.out).toContain('proven to be the holder')
  // Its holder did not disclose the field of study.
  expect(bound.out).not.toContain('Luật hành chính')
  const unasked = await run(text, '--url', base, '--json', ...common)
  expect([unasked.exit, JSON.parse(unasked.out).credential]).toMatchObject([0, { form: 'sd-jwt', kind: 'diploma', holderBound: false }])
  const other = await run(file, '--url', base, '--aud', binding!.aud, '--nonce', 'another', ...common)
  expect([other.exit, other.out]).toEqual([1, expect.stringContaining('(nonce)')])
  expect((await run(file, '--url', base, '--nonce', 'n', ...common)).exit).toBe(64)
})

test('formats 7: a PDF whose receipt was not anchored yet when it was made: online the finished one is fetched by ref', async () => {
  const document = await PDFDocument.create()
  document.addPage()
  await document.attach(diploma, sealFileName, { mimeType: 'application/octet-stream' })
  const early = JSON.stringify(log.receipt(leaf, { size: 10 }))
  await document.attach(Buffer.from(early), receiptFileName, { mimeType: 'application/json' })
  const bytes = await document.save()
  const path = write('early.pdf', bytes)
  const anchorOf = ({ report: { checks } }: { report: Report }) => checks.find(check => check.name === 'anchor')!.code
  const node = ['--rpc', `${base}/rpc`, '--strict']
  // Without the server the file's own receipt is what there is, and it names no anchor.
  expect(anchorOf(await report(path, ...offline, '--trust-list', index, '--strict'))).toBe('anchor.late')
  expect(anchorOf(await report(path, '--url', base, ...node, ...common))).toBe('anchor.passed')
})
