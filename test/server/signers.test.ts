import { execFileSync } from 'node:child_process'
import { createPublicKey, verify as verifyNode, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { utf8 } from '../../core/encoding/bytes.ts'
import { createAnchorKeyFile, loadAnchorKeyFile } from '../../server/keys/anchorSigner.ts'
import { createEd25519File, createKeyFile, loadEd25519File, loadKeyFile } from '../../server/keys/fileSigner.ts'
import { nodeCrypto } from '../../server/keys/nodeCrypto.ts'
import { pkcs12Signer } from '../../server/keys/pkcs12.ts'

const dir = mkdtempSync(join(tmpdir(), 'antin-signers-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const sign1 = (n: number) => Buffer.concat([Buffer.from('846a5369676e617475726531', 'hex'), Buffer.from([n & 255, n >> 8])])
const jwsInput = (header: object) => utf8(`${Buffer.from(JSON.stringify(header)).toString('base64url')}.e30`)
const half = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n

test('a key file signs ES256 with low s, survives loading, and no other passphrase opens it', async () => {
  const file = join(dir, 'card.p8')
  const made = await createKeyFile({ file, passphrase: 'mật khẩu' }, 'card')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readFileSync(file, 'utf8')).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/)
  const loaded = await loadKeyFile({ file, passphrase: 'mật khẩu' }, 'card')
  expect(loaded.kid).toEqual(made.kid)
  for (let n = 0; n < 300; n++) {
    const signature = await loaded.sign({ kind: 'sign1', bytes: sign1(n) })
    expect(signature).toHaveLength(64)
    expect(BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`) <= half).toBe(true)
    if (made.jwk.kty === 'EC') expect(nodeCrypto.verifyEs256(made.jwk, sign1(n), signature)).toBe(true)
  }
  await expect(loadKeyFile({ file, passphrase: 'mat khau' }, 'card')).rejects.toThrow('key.file')
  await expect(loadKeyFile({ file: join(dir, 'none'), passphrase: 'x' }, 'card')).rejects.toThrow('key.file')
  await expect(createKeyFile({ file, passphrase: 'x' }, 'card')).rejects.toThrow('key.file')
})

test('OpenSSL opens the key file: scrypt and AES-256, as RFC 5958 and RFC 7914 write them', async () => {
  const file = join(dir, 'openssl.p8')
  await createKeyFile({ file, passphrase: 'abc' }, 'card')
  const text = execFileSync('openssl', ['pkey', '-in', file, '-passin', 'pass:abc', '-noout', '-text'], { encoding: 'utf8' })
  expect(text).toContain('P-256')
})

test('a key signs only messages of its use, and only bytes that are what they claim to be', async () => {
  const card = await createKeyFile({ file: join(dir, 'use-card.p8'), passphrase: 'x' }, 'card')
  const status = await createKeyFile({ file: join(dir, 'use-status.p8'), passphrase: 'x' }, 'status')
  const trust = await createKeyFile({ file: join(dir, 'use-trust.p8'), passphrase: 'x' }, 'trust')
  const root = await createKeyFile({ file: join(dir, 'use-root.p8'), passphrase: 'x' }, 'root')
  const list = jwsInput({ alg: 'ES256', kid: 'AAAAAAAAAAA', typ: 'statuslist+jwt' })
  const slice = jwsInput({ alg: 'ES256', kid: 'AAAAAAAAAAA', typ: 'trust-list+jwt' })
  const rootInput = jwsInput({ alg: 'ES256', kid: 'AAAAAAAAAAA' })
  expect(await status.sign({ kind: 'status-list', bytes: list })).toHaveLength(64)
  expect(await trust.sign({ kind: 'trust-list', bytes: slice })).toHaveLength(64)
  expect(await root.sign({ kind: 'root', bytes: rootInput })).toHaveLength(64)
  expect(() => card.sign({ kind: 'trust-list', bytes: slice })).toThrow('key.wrong-use')
  expect(() => card.sign({ kind: 'sign1', bytes: slice })).toThrow('key.wrong-use')
  expect(() => card.sign({ kind: 'sd-jwt', bytes: slice })).toThrow('key.wrong-use')
  expect(() => status.sign({ kind: 'status-list', bytes: slice })).toThrow('key.wrong-use')
  expect(() => status.sign({ kind: 'sign1', bytes: sign1(0) })).toThrow('key.wrong-use')
  expect(() => trust.sign({ kind: 'trust-list', bytes: rootInput })).toThrow('key.wrong-use')
  expect(() => root.sign({ kind: 'root', bytes: slice })).toThrow('key.wrong-use')
})

test('nothing of a signer shows its private key', async () => {
  const signer = await createKeyFile({ file: join(dir, 'shown.p8'), passphrase: 'x' }, 'card')
  const shown = JSON.stringify(signer)
  expect(Object.keys(signer).sort()).toEqual(['algorithm', 'jwk', 'kid', 'sign', 'thumbprint', 'use'])
  expect(shown).not.toContain('"d"')
})

test('the log key signs Ed25519 over checkpoints and nothing else', async () => {
  const file = join(dir, 'log.p8')
  const made = await createEd25519File({ file, passphrase: 'x' })
  const { publicKey, sign } = await loadEd25519File({ file, passphrase: 'x' })
  expect(publicKey).toEqual(made.publicKey)
  const text = utf8('antin.example/log\n1\nAAAA\n')
  expect(nodeCrypto.verifyEd25519(publicKey, text, await sign({ kind: 'checkpoint', bytes: text }))).toBe(true)
  expect(() => sign({ kind: 'checkpoint', bytes: utf8('hello') })).toThrow('key.wrong-use')
  await expect(loadKeyFile({ file, passphrase: 'x' }, 'card')).rejects.toThrow('key.file')
})

test('the anchor key signs EIP-712 as ethers recovers it, low s, v 27 or 28', async () => {
  const { TypedDataEncoder, verifyTypedData } = await import('ethers')
  const file = join(dir, 'anchor.p8')
  const made = await createAnchorKeyFile({ file, passphrase: 'x' })
  const signer = await loadAnchorKeyFile({ file, passphrase: 'x' })
  expect(signer.address).toBe(made.address)
  const domain = { name: 'CheckpointLog', version: '1', chainId: 31337, verifyingContract: `0x${'11'.repeat(20)}` }
  const types = {
    Checkpoint: [
      { name: 'origin', type: 'string' },
      { name: 'treeSize', type: 'uint64' },
      { name: 'rootHash', type: 'bytes32' },
    ],
  }
  for (let treeSize = 1; treeSize < 20; treeSize++) {
    const value = { origin: 'a/log', treeSize, rootHash: `0x${'22'.repeat(32)}` }
    const bytes = Buffer.from(TypedDataEncoder.encode(domain, types, value).slice(2), 'hex')
    const signature = signer.sign({ kind: 'anchor', bytes })
    expect(signature).toHaveLength(65)
    expect([27, 28]).toContain(signature[64])
    expect(verifyTypedData(domain, types, value, `0x${Buffer.from(signature).toString('hex')}`).toLowerCase()).toBe(signer.address)
  }
  expect(() => signer.sign({ kind: 'anchor', bytes: new Uint8Array(32) })).toThrow('key.wrong-use')
})

function makePkcs12(kind: 'rsa' | 'ec'): Buffer {
  const key = join(dir, `${kind}.key`)
  const certificate = join(dir, `${kind}.crt`)
  const options = kind === 'rsa' ? ['-newkey', 'rsa:2048'] : ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
  execFileSync(
    'openssl',
    ['req', '-x509', ...options, '-nodes', '-keyout', key, '-out', certificate, '-subj', '/CN=Bo Mau', '-days', '30'],
    { stdio: 'pipe' },
  )
  const file = join(dir, `${kind}.p12`)
  execFileSync('openssl', ['pkcs12', '-export', '-inkey', key, '-in', certificate, '-out', file, '-passout', 'pass:abc'])
  return readFileSync(file)
}

test('PKCS#12: an RSA state certificate endorses with PS256 and signs documents with RS256', async () => {
  const file = makePkcs12('rsa')
  const endorser = pkcs12Signer(file, 'abc', 'endorsement')
  expect(endorser.algorithm).toBe('PS256')
  const input = jwsInput({ alg: 'PS256', typ: 'endorsement+jwt' })
  const key = new X509Certificate(Buffer.from(endorser.x5c[0], 'base64')).publicKey
  const signature = await endorser.sign({ kind: 'endorsement', bytes: input })
  expect(verifyNode('sha256', input, { key, padding: 6, saltLength: 32 }, signature)).toBe(true)
  const attributes = Buffer.from('310102', 'hex')
  expect(
    verifyNode('sha256', attributes, key, await pkcs12Signer(file, 'abc', 'document').sign({ kind: 'document', bytes: attributes })),
  ).toBe(true)
  expect(() => endorser.sign({ kind: 'document', bytes: attributes })).toThrow('key.wrong-use')
  expect(() => pkcs12Signer(file, 'abc', 'card')).toThrow('key.wrong-use')
  expect(() => pkcs12Signer(file, 'wrong', 'document')).toThrow('key.passphrase')
  expect(() => pkcs12Signer(file.subarray(0, 500), 'abc', 'document')).toThrow('key.pkcs12')
})

test('PKCS#12: an EC agency key signs cards with ES256', async () => {
  const signer = pkcs12Signer(makePkcs12('ec'), 'abc', 'card')
  expect(signer.algorithm).toBe('ES256')
  if (signer.jwk.kty !== 'EC') throw new Error('not EC')
  expect(nodeCrypto.verifyEs256(signer.jwk, sign1(1), await signer.sign({ kind: 'sign1', bytes: sign1(1) }))).toBe(true)
})

const softHsm = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
].find(existsSync)
if (!softHsm) console.info('PKCS#11 is not tested here: SoftHSM2 (libsofthsm2.so) is not installed')

;(softHsm ? test : test.skip)('PKCS#11 (SoftHSM2): a key made on the token signs, is found again, and is never exported', () => {
  const env = { ...process.env, SOFTHSM2_CONF: join(dir, 'softhsm2.conf') }
  mkdirSync(join(dir, 'tokens'))
  writeFileSync(env.SOFTHSM2_CONF, `directories.tokendir = ${join(dir, 'tokens')}\nobjectstore.backend = file\n`)
  const util = (...args: string[]) => execFileSync('softhsm2-util', args, { env, stdio: 'pipe' })
  util('--init-token', '--free', '--label', 'antin', '--pin', '1234', '--so-pin', '5678')
  // A state certificate's key on the token: RSA, brought in from outside.
  makePkcs12('rsa')
  execFileSync('openssl', ['pkcs8', '-topk8', '-nocrypt', '-in', join(dir, 'rsa.key'), '-out', join(dir, 'rsa.pk8')])
  util('--import', join(dir, 'rsa.pk8'), '--token', 'antin', '--label', 'state', '--id', 'a1', '--pin', '1234')

  const script = join(import.meta.dirname, '../support/pkcs11Session.ts')
  const result = JSON.parse(execFileSync(process.execPath, ['--no-warnings', script, softHsm!], { env, encoding: 'utf8' }))
  expect(result.refusesExport).toBe(true)
  expect(result.ids.sort()).toEqual([result.id, 'a1'].sort())
  expect(result.kidAgain).toBe(result.kidAtFirst)
  for (const { message, signature } of result.signatures) {
    expect(nodeCrypto.verifyEs256(result.jwk, Buffer.from(message, 'hex'), Buffer.from(signature, 'hex'))).toBe(true)
    expect(BigInt(`0x${signature.slice(64)}`) <= half).toBe(true)
  }
  const key = createPublicKey({ key: result.rsa.jwk, format: 'jwk' })
  const [message, signature] = [Buffer.from(result.rsa.message, 'hex'), Buffer.from(result.rsa.signature, 'hex')]
  expect(verifyNode('sha256', message, { key, padding: 6, saltLength: 32 }, signature)).toBe(true)
  expect(result.store.location).toMatch(/^pkcs11:token=antin;id=(%[0-9a-f]{2}){16}$/)
  const ofStore = [result.store.message, result.store.signature].map(text => Buffer.from(text, 'hex')) as [Buffer, Buffer]
  expect(nodeCrypto.verifyEs256(result.store.jwk, ...ofStore)).toBe(true)
  expect(result.refusals).toEqual({ wrongUse: 'key.wrong-use', unknownKey: 'key.pkcs11', wrongPin: 'key.pkcs11', otherToken: 'key.pkcs11' })
})
