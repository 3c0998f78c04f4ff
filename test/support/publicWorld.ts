import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import type { CardClaims } from '../../core/credential/card.ts'
import type { DiplomaClaims } from '../../core/credential/diploma.ts'
import { sealedUrl, shortUrl } from '../../core/credential/qr.ts'
import { refOf } from '../../core/credential/ref.ts'
import { seal, sealedPayload } from '../../core/credential/sealed.ts'
import type { P256Jwk, SignEs256 } from '../../core/crypto/coreCrypto.ts'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { type CardSerial, makeCardSerial } from '../../core/identity/cardSerial.ts'
import { formatCheckpoint } from '../../core/log/checkpoint.ts'
import { encodeEntry } from '../../core/log/entry.ts'
import { proveInclusion } from '../../core/log/inclusion.ts'
import { leafHash } from '../../core/log/leafHash.ts'
import { nodeHash } from '../../core/log/nodeHash.ts'
import { formatSignedNote } from '../../core/log/signedNote.ts'
import type { ReadNodes } from '../../core/log/treeNode.ts'
import { foldNodes, nodesOfRange } from '../../core/log/treeNode.ts'
import { formatVerifierKey, makeVerifierKey } from '../../core/log/verifierKey.ts'
import { newStatusBits, setStatus } from '../../core/status-list/statusList.ts'
import { signStatusListToken } from '../../core/status-list/statusListToken.ts'
import { jwkThumbprint } from '../../core/trust/jwkThumbprint.ts'
import { signRoot, signTrustIndex, signTrustSlice } from '../../core/trust/signTrust.ts'
import { signEs256 } from '../../server/keys/es256.ts'
import { nodeCrypto } from '../../server/keys/nodeCrypto.ts'

const day = 24 * 3600

export interface WorldKey {
  readonly kid: Uint8Array
  readonly jwk: P256Jwk
  readonly sign: SignEs256
}

export interface WorldCard {
  readonly sealed: Uint8Array
  readonly url: string
  readonly token: Uint8Array
  readonly tokenUrl: string
  readonly claims: CardClaims
}

/** Public evidence of one small ministry, made with real keys and held in memory; `at` is the time of the world, in seconds. */
export interface PublicWorld {
  readonly trustRoot: string
  readonly files: Map<string, string | Uint8Array>
  readonly cards: Record<'genuine' | 'revoked' | 'suspended' | 'expired' | 'foreignKey' | 'noPhoto', WorldCard>
  readonly diploma: { sealed: Uint8Array; url: string; claims: DiplomaClaims; document: Uint8Array }
  readonly cardKey: WorldKey
  readonly photo: Uint8Array
  sealCard(changes?: Partial<CardClaims['card']>, times?: { iat?: number; exp?: number; key?: WorldKey; idx?: number }): Promise<WorldCard>
  /** Sets the status of a card and signs the list anew. */
  setCardStatus(card: WorldCard, status: 0 | 1 | 2): Promise<void>
  /** Signs slices and lists as of another time. */
  resign(at: number): Promise<void>
}

/** A JPEG for the cards; `photo` may be any bytes. */
export async function createPublicWorld(options: { origin: string; at: number; photo: Uint8Array }): Promise<PublicWorld> {
  const { origin, at, photo } = options
  const files: PublicWorld['files'] = new Map()
  const [rootKey, trustKey, cardKey, diplomaKey, statusKey, foreignKey] = await Promise.all(Array.from({ length: 6 }, makeKey))
  const issuer = 'G09' as AgencyCode
  const unit = 'G09.12' as AgencyCode
  const bits = newStatusBits()
  const { privateKey: logKey, publicKey: logPublic } = generateKeyPairSync('ed25519')
  const logOrigin = `${new URL(origin).host}/log`
  const logVerifier = await makeVerifierKey(logOrigin, 'note', rawEd25519(logPublic), nodeCrypto)

  const rootDocument = await signRoot(
    { v: 1, epoch: 1, keys: [rootKey!.jwk], threshold: 1, trustKeys: [trustKey!.jwk], exp: at + 3650 * day },
    [rootKey!],
  )
  files.set('/.well-known/antin/root', rootDocument).set('/.well-known/antin/root/1', rootDocument)
  const rootPayload = Buffer.from((JSON.parse(rootDocument) as { payload: string }).payload, 'base64url')
  const trustRoot = createHash('sha256').update(rootPayload).digest('hex')

  const agencies = [
    {
      code: issuer,
      name: { vi: 'Bộ Nội vụ', en: 'Ministry of Home Affairs' },
      url: origin,
      parents: [],
      validFrom: at - 3650 * day,
      coverage: [],
      keys: [entryOf(cardKey!, 'card'), entryOf(diplomaKey!, 'diploma'), entryOf(statusKey!, 'status')],
    },
    {
      code: unit,
      name: { vi: 'Vụ Tổ chức - Biên chế', en: 'Department of Organisation and Staffing' },
      url: origin,
      parents: [{ code: issuer, from: at - 3650 * day }],
      validFrom: at - 3650 * day,
      keys: [],
    },
  ]
  function entryOf(key: WorldKey, use: string) {
    return { kid: encodeBase64url(key.kid), jwk: key.jwk, use, notBefore: at - 3650 * day, notAfter: at + 365 * day }
  }

  let sequence = 120
  let nextIdx = 1000
  const sealCard: PublicWorld['sealCard'] = async (changes = {}, times = {}) => {
    const serial: CardSerial = makeCardSerial(issuer, 2026, sequence++)
    const idx = times.idx ?? (nextIdx += 977)
    const claims: CardClaims = {
      iss: issuer,
      iat: times.iat ?? at - 30 * day,
      exp: times.exp ?? at + 5 * 365 * day,
      cti: randomBytes(16),
      card: {
        serial,
        fullName: 'Nguyễn Thị Phương Thảo',
        position: 'Chuyên viên chính',
        usingAgency: unit,
        category: 1,
        photo: nodeCrypto.sha256(photo).subarray(0, 16),
        status: { list: 0, idx },
        ...changes,
      },
    }
    const key = times.key ?? cardKey!
    const sealed = await seal({ kid: key.kid, claims, sign: key.sign })
    setStatus(bits, idx, 0)
    const token = randomBytes(16)
    return { sealed, url: sealedUrl(origin, sealed), token, tokenUrl: shortUrl(origin, token), claims }
  }
  const cards = {
    genuine: await sealCard(),
    revoked: await sealCard({ fullName: 'Trần Văn Bình' }),
    suspended: await sealCard({ fullName: 'Lê Hoàng Yến' }),
    expired: await sealCard({ fullName: 'Phạm Quốc Khánh' }, { iat: at - 400 * day, exp: at - 10 * day }),
    foreignKey: await sealCard({}, { key: foreignKey! }),
    noPhoto: await sealCard(withoutPhoto()),
  }
  setStatus(bits, cards.revoked.claims.card.status.idx, 1)
  setStatus(bits, cards.suspended.claims.card.status.idx, 2)
  files.set(`/photos/${createHash('sha256').update(photo).digest('hex').slice(0, 32)}`, photo)

  const document = Buffer.from('%PDF-1.7 a registered document')
  const diplomaClaims: DiplomaClaims = {
    iss: issuer,
    iat: at - 20 * day,
    cti: randomBytes(16),
    diploma: {
      number: 'CC-2024/0117',
      holderName: 'Đỗ Minh Quân',
      title: 'Chứng chỉ bồi dưỡng ngạch chuyên viên chính',
      field: 'Quản lý nhà nước',
      awarded: '2024-11-20' as never,
      classification: 'Giỏi',
      status: { list: 0, idx: 7 },
      document: nodeCrypto.sha256(document),
      birthDate: '1990-03-31' as never,
      basis: 0,
    },
  }
  setStatus(bits, 7, 0)
  const sealedDiploma = await seal({ kid: diplomaKey!.kid, claims: diplomaClaims, sign: diplomaKey!.sign })
  const diplomaRef = encodeBase64url(await refOf(diplomaClaims.cti, nodeCrypto))

  const entries = [
    ...(await Promise.all(
      Object.values(cards).map(async card => ({
        v: 1 as const,
        at: at - 31 * day,
        type: 'card.issued' as const,
        agency: issuer,
        ref: encodeBase64url(await refOf(card.claims.cti, nodeCrypto)),
        digest: encodeBase64url(nodeCrypto.sha256(sealedPayload(card.claims))),
        kid: encodeBase64url(cardKey!.kid),
      })),
    )),
    {
      v: 1 as const,
      at: at - 20 * day,
      type: 'diploma.registered' as const,
      agency: issuer,
      ref: diplomaRef,
      digest: encodeBase64url(nodeCrypto.sha256(sealedPayload(diplomaClaims))),
      kid: encodeBase64url(diplomaKey!.kid),
    },
  ].map(entry => encodeEntry(entry))
  const leaves = entries.map(entry => leafHash(entry, nodeCrypto.sha256))
  const read: ReadNodes = async nodes => nodes.map(node => subtree(leaves, node.level, node.index))
  const treeSize = leaves.length
  const rootHash = await foldNodes(await read(nodesOfRange({ start: 0, end: treeSize })), nodeCrypto.sha256)
  const text = formatCheckpoint({ origin: logOrigin, treeSize, rootHash })
  const checkpoint = formatSignedNote({
    text,
    signatures: [{ name: logOrigin, keyId: logVerifier.keyId, signature: sign(null, Buffer.from(text), logKey) }],
  })
  files.set('/log/checkpoint', checkpoint)
  const leafIndex = treeSize - 1
  files.set(
    `/log/proof?ref=${diplomaRef}`,
    JSON.stringify({
      v: 1,
      entry: encodeBase64url(entries[leafIndex]!),
      leafIndex,
      treeSize,
      inclusionPath: (await proveInclusion(leafIndex, treeSize, read, nodeCrypto.sha256)).map(encodeBase64url),
      checkpoint,
      anchor: null,
    }),
  )

  let seq = 0
  async function resign(time: number): Promise<void> {
    seq++
    const times = { v: 1 as const, epoch: 1, seq, iat: time, exp: time + 7 * day }
    const slices: Record<string, string> = {}
    for (const agency of agencies) {
      const members = agency.code === issuer ? [agencies[0]!] : agencies
      const slice = await signTrustSlice({ ...times, agencies: members } as never, trustKey!)
      files.set(`/.well-known/antin/trust/${agency.code}`, slice)
      slices[agency.code] = encodeBase64url(nodeCrypto.sha256(Buffer.from(slice.split('.')[1]!, 'base64url')))
    }
    const logs = [{ origin: logOrigin, vkey: formatVerifierKey(logVerifier), url: `${origin}/log`, from: at - 3650 * day }]
    files.set(
      '/.well-known/antin/trust-list',
      await signTrustIndex({ ...times, slices, logs, anchors: [], witnesses: [], quorum: 0 }, trustKey!),
    )
    await signList(time)
  }
  async function signList(time: number): Promise<void> {
    const token = await signStatusListToken({ sub: `${origin}/status-lists/0`, iat: time, bits: 2, statuses: bits }, statusKey!, bytes =>
      deflateSync(bytes),
    )
    files.set('/status-lists/0', token)
  }
  await resign(at)

  return {
    trustRoot,
    files,
    cards,
    diploma: { sealed: sealedDiploma, url: sealedUrl(origin, sealedDiploma), claims: diplomaClaims, document },
    cardKey: cardKey!,
    photo,
    sealCard,
    resign,
    async setCardStatus(card, status) {
      setStatus(bits, card.claims.card.status.idx, status)
      await signList(Math.floor(Date.now() / 1000))
    },
  }
}

/** A sealed URL with one digit changed so that it still decodes: what somebody who edits the text of a QR makes. */
export function tamper(url: string): string {
  const at = url.indexOf('#') + 150
  return url.slice(0, at) + (url[at] === '1' ? '2' : '1') + url.slice(at + 1)
}

function withoutPhoto(): Partial<CardClaims['card']> {
  return { fullName: 'Vũ Đức Mạnh', photo: undefined } as unknown as Partial<CardClaims['card']>
}

async function makeKey(): Promise<WorldKey> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x, y } = publicKey.export({ format: 'jwk' })
  const jwk: P256Jwk = { kty: 'EC', crv: 'P-256', x: x!, y: y! }
  return { kid: (await jwkThumbprint(jwk, nodeCrypto)).slice(0, 8), jwk, sign: message => signEs256(privateKey, message) }
}

function rawEd25519(key: KeyObject): Uint8Array {
  return Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url')
}

function subtree(leaves: readonly Uint8Array[], level: number, index: number): Uint8Array {
  if (level === 0) return leaves[index]!
  const hash = (left: Uint8Array, right: Uint8Array) => nodeHash(left, right, nodeCrypto.sha256)
  return hash(subtree(leaves, level - 1, index * 2), subtree(leaves, level - 1, index * 2 + 1))
}
