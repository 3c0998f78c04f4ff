import { createHash, createPublicKey, hash, randomBytes, X509Certificate } from 'node:crypto'
import type pkcs11 from 'pkcs11js'
import type { P256Jwk } from '../../core/crypto/coreCrypto.ts'
import { AppError } from '../../core/errors.ts'
import type { RsaJwk } from '../../core/trust/jwkThumbprint.ts'
import { withLowS } from './es256.ts'
import { jwkIdentity, publicJwk } from './jwkIdentity.ts'
import { type RsaPadding, rsaAlgorithm } from './memorySigner.ts'
import { asToken, openPkcs11Library } from './pkcs11Library.ts'
import { labelOf } from './pkcs11Tokens.ts'
import { assertTyped, type JwkSigner, type SignerUse } from './signer.ts'

/** Which token, and how to log in. */
export interface TokenConfig {
  /** The PKCS#11 library of the token's vendor. */
  readonly module: string
  readonly tokenLabel: string
  readonly pin: string
  /** How RSA keys sign documents; PKCS#1 v1.5 when absent. */
  readonly documents?: RsaPadding | undefined
}

/** A session with a PKCS#11 token. Keys are named by their CKA_ID, in hex. Everything throws `key.pkcs11` when the token refuses. */
export interface Pkcs11Token {
  /** Generates a P-256 key that is sensitive and not extractable; answers its id. */
  generate(label: string): string
  /** The signer of a private key: P-256 for ES256, RSA for documents and endorsements. */
  signer(id: string, use: SignerUse): JwkSigner
  /** The certificates stored under the id, standard base64 of DER, leaf first. */
  certificates(id: string): string[]
  /** The ids of the private keys on the token. */
  ids(): string[]
  /** Reads the key's private value; every token of ours refuses. For tests and `antin doctor`. */
  refusesExport(id: string): boolean
  close(): void
}

type Template = pkcs11.Template
const p256Parameters = Buffer.from('06082a8648ce3d030107', 'hex')

/** Logs in to a token. Throws `key.pkcs11` when library, token or PIN are wrong, or the PIN is one wrong try from being locked. */
export async function openPkcs11Token({ module, tokenLabel, pin, documents = 'pkcs1' }: TokenConfig): Promise<Pkcs11Token> {
  const { native, library, release } = await openPkcs11Library(module)
  let session: pkcs11.Handle
  const logIn = () => {
    const slot = library.C_GetSlotList(true).find(candidate => labelOf(library.C_GetTokenInfo(candidate)) === tokenLabel)
    if (!slot) throw new AppError('key.pkcs11', `No token labelled ${tokenLabel}`)
    // A PIN that is wrong in our configuration must not be what locks the token.
    if (library.C_GetTokenInfo(slot).flags & (native.CKF_USER_PIN_FINAL_TRY | native.CKF_USER_PIN_LOCKED))
      throw new AppError('key.pkcs11', `The PIN of token ${tokenLabel} is locked, or one wrong try from it`)
    session = library.C_OpenSession(slot, native.CKF_SERIAL_SESSION | native.CKF_RW_SESSION)
    try {
      library.C_Login(session, native.CKU_USER, pin)
    } catch (error) {
      if (!/USER_ALREADY_LOGGED_IN/.test(String(error))) throw error
    }
  }
  try {
    asToken(logIn)
  } catch (error) {
    release()
    throw error
  }

  const find = (template: Template): pkcs11.Handle[] => {
    library.C_FindObjectsInit(session, template)
    try {
      return library.C_FindObjects(session, 100)
    } finally {
      library.C_FindObjectsFinal(session)
    }
  }
  const privateKeyOf = (id: string): pkcs11.Handle => {
    const [key] = find([
      { type: native.CKA_CLASS, value: native.CKO_PRIVATE_KEY },
      { type: native.CKA_ID, value: Buffer.from(id, 'hex') },
    ])
    if (!key) throw new AppError('key.pkcs11', 'The token holds no such key')
    return key
  }
  const publicKeyOf = (id: string): P256Jwk | RsaJwk => {
    const [key] = find([
      { type: native.CKA_CLASS, value: native.CKO_PUBLIC_KEY },
      { type: native.CKA_ID, value: Buffer.from(id, 'hex') },
    ])
    if (!key) return publicJwk(new X509Certificate(Buffer.from(certificates(id)[0] ?? '', 'base64')).publicKey)
    const [type] = library.C_GetAttributeValue(session, key, [{ type: native.CKA_KEY_TYPE }])
    if (Buffer.from(type!.value as Buffer)[0] === native.CKK_EC) {
      const [point, parameters] = library.C_GetAttributeValue(session, key, [{ type: native.CKA_EC_POINT }, { type: native.CKA_EC_PARAMS }])
      if (!p256Parameters.equals(parameters!.value as Buffer)) throw new AppError('key.pkcs11', 'Not a P-256 key')
      return { kty: 'EC', crv: 'P-256', ...coordinates(point!.value as Buffer) }
    }
    const [n, e] = library.C_GetAttributeValue(session, key, [{ type: native.CKA_MODULUS }, { type: native.CKA_PUBLIC_EXPONENT }])
    const jwk = { kty: 'RSA', n: unsigned(n!.value as Buffer), e: unsigned(e!.value as Buffer) }
    return publicJwk(createPublicKey({ key: jwk, format: 'jwk' }))
  }
  const certificates = (id: string): string[] =>
    find([
      { type: native.CKA_CLASS, value: native.CKO_CERTIFICATE },
      { type: native.CKA_ID, value: Buffer.from(id, 'hex') },
    ]).map(handle => (library.C_GetAttributeValue(session, handle, [{ type: native.CKA_VALUE }])[0]!.value as Buffer).toString('base64'))

  /** Signs; a session that the token dropped (reset, taken out and put back) is opened again once. */
  const signWith = (id: string, mechanism: pkcs11.Mechanism, input: Buffer, length: number): Buffer =>
    asToken(() => {
      const once = () => {
        library.C_SignInit(session, mechanism, privateKeyOf(id))
        return library.C_Sign(session, input, Buffer.alloc(length))
      }
      try {
        return once()
      } catch (error) {
        if (!/SESSION_HANDLE_INVALID|SESSION_CLOSED|DEVICE_REMOVED|USER_NOT_LOGGED_IN/.test(String(error))) throw error
        logIn()
        return once()
      }
    })

  return {
    generate: label =>
      asToken(() => {
        const id = randomBytes(16)
        const names: Template = [
          { type: native.CKA_TOKEN, value: true },
          { type: native.CKA_ID, value: id },
          { type: native.CKA_LABEL, value: label },
        ]
        library.C_GenerateKeyPair(
          session,
          { mechanism: native.CKM_EC_KEY_PAIR_GEN },
          [...names, { type: native.CKA_EC_PARAMS, value: p256Parameters }, { type: native.CKA_VERIFY, value: true }],
          [
            ...names,
            { type: native.CKA_PRIVATE, value: true },
            { type: native.CKA_SENSITIVE, value: true },
            { type: native.CKA_EXTRACTABLE, value: false },
            { type: native.CKA_SIGN, value: true },
          ],
        )
        return id.toString('hex')
      }),
    signer: (id, use) =>
      asToken(() => {
        privateKeyOf(id)
        const identity = jwkIdentity(publicKeyOf(id))
        if (identity.jwk.kty === 'EC') {
          return {
            use,
            algorithm: 'ES256',
            ...identity,
            sign(message) {
              assertTyped(use, message)
              return withLowS(Uint8Array.from(signWith(id, { mechanism: native.CKM_ECDSA }, hash('sha256', message.bytes, 'buffer'), 64)))
            },
          }
        }
        const algorithm = rsaAlgorithm(use, documents)
        const mechanism: pkcs11.Mechanism =
          algorithm === 'RS256'
            ? { mechanism: native.CKM_SHA256_RSA_PKCS }
            : {
                mechanism: native.CKM_RSA_PKCS_PSS,
                parameter: {
                  type: native.CK_PARAMS_RSA_PSS,
                  hashAlg: native.CKM_SHA256,
                  mgf: native.CKG_MGF1_SHA256,
                  saltLen: 32,
                } as never,
              }
        return {
          use,
          algorithm,
          ...identity,
          sign(message) {
            assertTyped(use, message)
            const input = algorithm === 'RS256' ? Buffer.from(message.bytes) : createHash('sha256').update(message.bytes).digest()
            return Uint8Array.from(signWith(id, mechanism, input, 1024))
          },
        }
      }),
    certificates: id => asToken(() => certificates(id)),
    ids: () =>
      asToken(() =>
        find([{ type: native.CKA_CLASS, value: native.CKO_PRIVATE_KEY }]).map(key =>
          (library.C_GetAttributeValue(session, key, [{ type: native.CKA_ID }])[0]!.value as Buffer).toString('hex'),
        ),
      ),
    refusesExport: id =>
      asToken(() => {
        const key = privateKeyOf(id)
        try {
          library.C_GetAttributeValue(session, key, [{ type: native.CKA_VALUE }])
          return false
        } catch (error) {
          return /SENSITIVE|TYPE_INVALID/.test(String(error))
        }
      }),
    close() {
      try {
        library.C_CloseSession(session)
      } catch {
        // The token is gone already.
      }
      release()
    },
  }
}

/** x and y of CKA_EC_POINT: an OCTET STRING around 04 ‖ x ‖ y, which some tokens leave out. */
function coordinates(point: Buffer): { x: string; y: string } {
  const bare = point.subarray(-65)
  if (bare.length !== 65 || bare[0] !== 4) throw new AppError('key.pkcs11', 'The public key has an unknown form')
  return { x: bare.subarray(1, 33).toString('base64url'), y: bare.subarray(33).toString('base64url') }
}

function unsigned(value: Buffer): string {
  let start = 0
  while (start < value.length - 1 && value[start] === 0) start++
  return value.subarray(start).toString('base64url')
}
