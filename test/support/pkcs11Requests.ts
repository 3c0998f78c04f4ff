// Key requests over a SoftHSM2 token, as a process of its own (see pkcs11Session.ts). Arguments: the library, the PEM of the certificate of
// the RSA key `a1` that is on the token. DATABASE_URL names a database with the ministry. Prints what came out as JSON.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { createPool } from '../../server/db/pool.ts'
import { applyKeyChange } from '../../server/keys/applyKeyChange.ts'
import { openEndorsement } from '../../server/keys/endorsement.ts'
import { type KeyChange, requestKeyChange } from '../../server/keys/keyChanges.ts'
import { keyStore } from '../../server/keys/keyStore.ts'
import { readKeys, readNewestEndorsement } from '../../server/keys/keysTable.ts'
import { approveRequest } from '../../server/requests/decideRequest.ts'
import { itemsOf, pendingDigest, requestById } from '../../server/requests/requestsTable.ts'
import type { Actor } from '../../server/staff/actor.ts'
import { testCipher } from './testCipher.ts'

const [, , library, certificateFile] = process.argv as [string, string, string, string]
const pool = createPool(process.env.DATABASE_URL!, { max: 4 })
const cipher = testCipher()
const tokenLabel = 'bo-noi-vu'
const agency = 'G09.02' as AgencyCode
const store = keyStore({ dir: '/nonexistent', passphrase: '', pkcs11: { module: library, pin: '1234' } })
const deps = { pool, cipher, store, clock: () => Math.floor(Date.now() / 1000), logOrigin: 'the.example/log' }
const codeOf = async (act: () => Promise<unknown>) => {
  try {
    await act()
    return null
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}
const ask = (change: KeyChange) => requestKeyChange(deps, { maker: { sub: 'a', name: 'a' }, change })
const approver = { kind: 'person', sub: 'b', name: 'b', roles: new Set(['admin']), scopes: new Set(), agency: 'G09' } as unknown as Actor

/** Approves and carries out; answers the newest key of the use and what became of the request. */
async function carryOut(id: string, use: 'card' | 'document') {
  await approveRequest({ pool }, { actor: approver, id, claimsDigest: await pendingDigest(pool, id), selection: 'all' })
  await applyKeyChange(deps, id)
  const key = (await readKeys(pool, { agency, use })).at(-1)
  return { key, shown: { form: key?.form, use: key?.use, location: key?.location, status: (await requestById(pool, id))?.status } }
}

const tokens = (await store.tokens()).map(({ label, state }) => ({ label, state }))
const wrongPin = await codeOf(() => store.keysOn('pin-khac'))
const made = await carryOut(await ask({ action: 'create', agency, use: 'card', notAfter: '2035-01-01', tokenLabel }), 'card')
const withoutCertificate = await codeOf(() => ask({ action: 'adopt', agency, use: 'document', tokenLabel, id: 'a1' }))
putCertificate(new X509Certificate(readFileSync(certificateFile)))
const onToken = (await store.keysOn(tokenLabel)).map(({ signer, x5c }) => (signer.jwk.kty === 'EC' ? 'P-256' : `RSA ${x5c.length * 2048}`))
const adopting = await ask({ action: 'adopt', agency, use: 'document', tokenLabel, id: 'a1' })
const [item] = await itemsOf(pool, adopting)
const adoptedClaims = JSON.parse(cipher.open(item!.claims).toString('utf8'))
const adopted = await carryOut(adopting, 'document')
const again = await codeOf(() => ask({ action: 'adopt', agency, use: 'document', tokenLabel, id: 'a1' }))
const endorsing = await ask({ action: 'endorse', kid: encodeBase64url(made.key!.kid), by: encodeBase64url(adopted.key!.kid) })
await carryOut(endorsing, 'card')
const endorsedBy = openEndorsement((await readNewestEndorsement(pool, made.key!.kid))!.jws).chain[0].subject
await store.close()
await pool.end()
const result = {
  tokens,
  wrongPin,
  created: made.shown,
  onToken,
  adoptedClaims,
  adopted: adopted.shown,
  again,
  endorsedBy,
  withoutCertificate,
}
process.stdout.write(JSON.stringify(result))

/** Puts a certificate beside its key, as the tools of a token's vendor do. */
function putCertificate(certificate: X509Certificate): void {
  const pkcs11 = createRequire(import.meta.url)('pkcs11js') as typeof import('pkcs11js')
  const module = new pkcs11.PKCS11()
  module.load(library)
  const slot = module.C_GetSlotList(true).find(one => module.C_GetTokenInfo(one).label.trim() === tokenLabel)!
  const session = module.C_OpenSession(slot, pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION)
  module.C_CreateObject(session, [
    { type: pkcs11.CKA_CLASS, value: pkcs11.CKO_CERTIFICATE },
    { type: pkcs11.CKA_CERTIFICATE_TYPE, value: pkcs11.CKC_X_509 },
    { type: pkcs11.CKA_TOKEN, value: true },
    { type: pkcs11.CKA_ID, value: Buffer.from('a1', 'hex') },
    { type: pkcs11.CKA_SUBJECT, value: Buffer.from('3000', 'hex') },
    { type: pkcs11.CKA_VALUE, value: certificate.raw },
  ])
  module.C_CloseSession(session)
}
