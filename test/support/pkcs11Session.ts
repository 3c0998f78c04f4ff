// Uses a SoftHSM2 token as a process of its own, because the library reads SOFTHSM2_CONF from the real environment and Jest's
// `process.env` is a copy. Arguments: the library. Prints what came out as JSON, for test/server/signers.test.ts to judge.
import { keyStore } from '../../server/keys/keyStore.ts'
import { openPkcs11Token } from '../../server/keys/pkcs11Token.ts'

const config = { module: process.argv[2]!, tokenLabel: 'antin', pin: '1234' }
const messageOf = (n: number) => Buffer.concat([Buffer.from('846a5369676e617475726531', 'hex'), Buffer.of(n)])
const codeOf = async (act: () => unknown) => {
  try {
    await act()
    return null
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

const token = await openPkcs11Token(config)
const id = token.generate('G09 card')
const kidAtFirst = Buffer.from(token.signer(id, 'card').kid).toString('hex')
const refusesExport = token.refusesExport(id)
token.close()

const again = await openPkcs11Token(config)
const signer = again.signer(id, 'card')
const signatures: { message: string; signature: string }[] = []
for (let n = 0; n < 40; n++) {
  const signature = await signer.sign({ kind: 'sign1', bytes: messageOf(n) })
  signatures.push({ message: messageOf(n).toString('hex'), signature: Buffer.from(signature).toString('hex') })
}
const endorser = again.signer('a1', 'endorsement')
const endorsed = Buffer.from(`${Buffer.from('{"alg":"PS256","typ":"endorsement+jwt"}').toString('base64url')}.e30`)
const endorsement = Buffer.from(await endorser.sign({ kind: 'endorsement', bytes: endorsed }))
const result = {
  store: {} as Record<string, unknown>,
  id,
  ids: again.ids(),
  kidAtFirst,
  kidAgain: Buffer.from(signer.kid).toString('hex'),
  jwk: signer.jwk,
  refusesExport,
  signatures,
  rsa: { jwk: endorser.jwk, message: endorsed.toString('hex'), signature: endorsement.toString('hex') },
  refusals: {
    wrongUse: await codeOf(() => signer.sign({ kind: 'status-list', bytes: messageOf(1) })),
    unknownKey: await codeOf(() => again.signer('00', 'card')),
    wrongPin: '',
    otherToken: await codeOf(() => openPkcs11Token({ ...config, tokenLabel: 'other' })),
  },
}
again.close()

// As the server does: one process makes the key, another opens it by what the database keeps of it.
const storeConfig = { dir: '/nonexistent', passphrase: '', pkcs11: { module: config.module, pin: config.pin } }
const maker = keyStore(storeConfig)
const stored = await maker.create('status', 'G09 status', 'antin')
await maker.close()
const server = keyStore(storeConfig)
const statusInput = Buffer.from(`${Buffer.from('{"alg":"ES256","typ":"statuslist+jwt"}').toString('base64url')}.e30`)
const opened = await server.open(stored.form, stored.location, 'status')
const listSignature = Buffer.from(await opened.sign({ kind: 'status-list', bytes: statusInput }))
await server.close()
result.store = {
  location: stored.location,
  jwk: stored.signer.jwk,
  message: statusInput.toString('hex'),
  signature: listSignature.toString('hex'),
}
result.refusals.wrongPin = (await codeOf(() => openPkcs11Token({ ...config, pin: '9999' }))) ?? ''
process.stdout.write(JSON.stringify(result))
