import { createHash } from 'node:crypto'
import { zlibSync } from 'fflate'
import type { CardClaims } from '../../../core/credential/card.ts'
import type { DiplomaClaims } from '../../../core/credential/diploma.ts'
import { parseSealed, seal } from '../../../core/credential/sealed.ts'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { utf8 } from '../../../core/encoding/bytes.ts'
import { canonicalJson } from '../../../core/encoding/canonicalJson.ts'
import { parseAgencyCode } from '../../../core/identity/agencyCode.ts'
import { makeCardSerial } from '../../../core/identity/cardSerial.ts'
import type { Receipt } from '../../../core/log/receipt.ts'
import { formatVerifierKey } from '../../../core/log/verifierKey.ts'
import { newStatusBits, setStatus } from '../../../core/status-list/statusList.ts'
import { signStatusListToken } from '../../../core/status-list/statusListToken.ts'
import { signRoot, signTrustIndex, signTrustSlice } from '../../../core/trust/signTrust.ts'
import type { AgencyPayload, RootPayload, TrustIndexPayload, TrustKeyPayload, TrustSlicePayload } from '../../../core/trust/trustSchema.ts'
import { type TestKey, testKey, testNoteKey } from './testKey.ts'
import { TestLog } from './testLog.ts'

/** 2026-07-01 09:00 in Vietnam: the now of every case that does not say otherwise. */
export const now = Date.UTC(2026, 6, 1, 2, 0, 0) / 1000
export const minute = 60
export const hour = 3600
export const day = 24 * hour
/** 23:59:59 of 2031-03-11 in Vietnam. */
const cardExpiry = Date.UTC(2031, 2, 11, 16, 59, 59) / 1000
const founded = Date.UTC(2020, 0, 1) / 1000
const keysFrom = Date.UTC(2026, 0, 1) / 1000
const keysTo = Date.UTC(2029, 0, 1) / 1000

export const host = 'https://antin.example'
export const contract = { chainId: 31337, address: `0x${'5a'.repeat(20)}`, codeHash: `0x${'c0'.repeat(32)}`, deployBlock: 1, fromSize: 0 }

export type Files = Record<string, string | Uint8Array>
export type KeyUse = 'card' | 'diploma' | 'status' | 'document'

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}

/** The JPEG of the cards: any bytes will do, only their digest counts. */
export const photo = utf8('a JPEG of the vectors')
export const documentFile = utf8('a diploma as it was registered')

/** A small state: three ministries' worth of agencies, their keys, a root of two epochs, a log with two witnesses. */
export async function makeWorld() {
  const names = ['root-1', 'root-2', 'root-3', 'root-4', 'trust-1', 'trust-2', 'stranger'] as const
  const own = await Promise.all(names.map(testKey))
  const [root1, root2, root3, root4, trust1, trust2, stranger] = own as [TestKey, TestKey, TestKey, TestKey, TestKey, TestKey, TestKey]
  const agencyKeys = new Map<string, TestKey>()
  const keyOf = async (code: string, use: KeyUse) => {
    const name = `${code}/${use}`
    const key = agencyKeys.get(name) ?? (await testKey(name))
    agencyKeys.set(name, key)
    return key
  }

  const keyPayload = async (code: string, use: KeyUse, more: Partial<TrustKeyPayload> = {}): Promise<TrustKeyPayload> => {
    const key = await keyOf(code, use)
    return { kid: encodeBase64url(key.kid), jwk: key.jwk, use, notBefore: keysFrom, notAfter: keysTo, ...more }
  }
  const agency = async (
    code: string,
    vi: string,
    en: string,
    parent: string | null,
    uses: KeyUse[] = ['card', 'diploma', 'status'],
  ): Promise<AgencyPayload> => ({
    code,
    name: { vi, en },
    url: `${host}/agencies/${code}`,
    parents: parent ? [{ code: parent, from: founded }] : [],
    validFrom: founded,
    keys: await Promise.all(uses.map(use => keyPayload(code, use))),
  })

  const agencies = {
    G09: await agency('G09', 'Bộ Nội vụ', 'Ministry of Home Affairs', null),
    'G09.12': await agency('G09.12', 'Cục Mẫu', 'Sample Department', 'G09'),
    'G09.12.04': await agency('G09.12.04', 'Phòng Mẫu', 'Sample Division', 'G09.12', []),
    'G09.30': await agency('G09.30', 'Viện Mẫu', 'Sample Institute', 'G09', ['card']),
    G10: await agency('G10', 'Bộ Nông nghiệp và Môi trường', 'Ministry of Agriculture and Environment', null),
    'G10.02': {
      ...(await agency('G10.02', 'Tổng cục đã giải thể', 'Dissolved Directorate', 'G10', ['card', 'diploma', 'status'])),
      validTo: now - 100 * day,
      successor: { code: 'G11', from: now - 100 * day },
    },
    G11: await agency('G11', 'Bộ kế thừa', 'Succeeding Ministry', null),
  } satisfies Record<string, AgencyPayload>
  type Agencies = { [code: string]: AgencyPayload }

  const logKey = await testNoteKey('antin.example/log', 'note')
  const witnesses = await Promise.all(['witness.one.example', 'witness.two.example'].map(name => testNoteKey(name, 'cosignature')))

  /** The agencies above a code, itself first: a slice's content. */
  const closure = (code: string, all: Agencies): AgencyPayload[] => {
    const codes = [code]
    for (let i = 0; i < codes.length; i++) {
      const { parents, successor } = all[codes[i]!]!
      for (const next of [...parents, ...(successor ? [successor] : [])]) if (!codes.includes(next.code)) codes.push(next.code)
    }
    return codes.map(one => all[one]!)
  }

  const rootPayloads: RootPayload[] = [
    { v: 1, epoch: 1, keys: [root1.jwk, root2.jwk, root3.jwk], threshold: 2, trustKeys: [trust1.jwk], exp: now + 100 * day },
    { v: 1, epoch: 2, keys: [root2.jwk, root3.jwk, root4.jwk], threshold: 2, trustKeys: [trust2.jwk], exp: now + 300 * day },
  ]
  const pin = Buffer.from(sha256(utf8(canonicalJson(rootPayloads[0])))).toString('hex')

  /** Root documents as files; `signers` by epoch. */
  const rootFiles = async (
    payloads = rootPayloads,
    signers: readonly (readonly TestKey[])[] = [
      [root1, root2],
      [root2, root3],
    ],
  ): Promise<Files> => {
    const files: Files = {}
    for (const [i, payload] of payloads.entries()) {
      files[`/.well-known/antin/root/${payload.epoch}`] = files['/.well-known/antin/root'] = await signRoot(payload, signers[i]!)
    }
    return files
  }

  const slice = (
    code: string,
    { all = agencies as Agencies, signer = trust2, ...more }: Partial<TrustSlicePayload> & { all?: Agencies; signer?: TestKey } = {},
  ) =>
    signTrustSlice({ v: 1, epoch: 2, seq: 40, iat: now - hour, exp: now - hour + 7 * day, agencies: closure(code, all), ...more }, signer)

  const index = (slices: Files, { signer = trust2, ...more }: Partial<TrustIndexPayload> & { signer?: TestKey } = {}) => {
    const digests: Record<string, string> = {}
    for (const [path, jws] of Object.entries(slices)) {
      const code = /\/trust\/(.+)$/.exec(path)?.[1]
      if (code) digests[code] = encodeBase64url(sha256(Buffer.from(String(jws).split('.')[1]!, 'base64url')))
    }
    return signTrustIndex(
      {
        v: 1,
        epoch: 2,
        seq: 40,
        iat: now - hour,
        exp: now - hour + 7 * day,
        slices: digests,
        logs: [{ origin: 'antin.example/log', vkey: formatVerifierKey(logKey.verifier), url: `${host}/log`, from: founded }],
        anchors: [contract],
        witnesses: witnesses.map(witness => formatVerifierKey(witness.verifier)),
        quorum: 2,
        ...more,
      },
      signer,
    )
  }

  /** A status list of 64 entries: the first 48 valid, 48 to 55 ended, 56 to 59 suspended, the rest never issued. */
  const statusList = async (
    code: string,
    {
      number = 1,
      iat = now - 5 * minute,
      signer,
      sub = `${host}/agencies/${code}/status-lists/${number}`,
    }: { number?: number; iat?: number; signer?: TestKey; sub?: string } = {},
  ) => {
    const statuses = newStatusBits(64)
    for (let i = 0; i < 60; i++) setStatus(statuses, i, i < 48 ? 0 : i < 56 ? 1 : 2)
    return signStatusListToken({ sub, iat, bits: 2, statuses }, signer ?? (await keyOf(code, 'status')), bytes =>
      zlibSync(bytes, { level: 9 }),
    )
  }

  /** Every public file of an ordinary day, for credentials signed by keys of G09. */
  const files = async (all: Agencies = agencies): Promise<Files> => {
    const slices: Files = {}
    for (const code of Object.keys(all)) slices[`/.well-known/antin/trust/${code}`] = await slice(code, { all })
    return {
      ...(await rootFiles()),
      ...slices,
      '/.well-known/antin/trust-list': await index(slices),
      '/status-lists/1': await statusList('G09'),
    }
  }

  const cti = (name: string) => sha256(utf8(`antin/vectors/cti/${name}`)).slice(0, 16)

  const card = async (name: string, { iss = 'G09', signer, iat = now - 30 * day, exp = cardExpiry, ...more }: CardInput = {}) => {
    const claims: CardClaims = {
      iss: parseAgencyCode(iss),
      iat,
      exp,
      cti: cti(name),
      card: {
        serial: makeCardSerial(parseAgencyCode(iss.slice(0, 3)), 2026, 123),
        fullName: 'Nguyễn Thị Hương Thảo (MẪU)',
        position: 'Chuyên viên chính',
        category: 1,
        photo: sha256(photo).slice(0, 16),
        status: { list: 1, idx: 7 },
        ...more,
      },
    }
    const key = signer ?? (await keyOf(iss, 'card'))
    return seal({ kid: key.kid, claims, sign: key.sign })
  }

  const diploma = async (name: string, { iss = 'G09', signer, iat = now - 30 * day, exp, ...more }: DiplomaInput = {}) => {
    const claims: DiplomaClaims = {
      iss: parseAgencyCode(iss),
      iat,
      ...(exp === undefined ? {} : { exp }),
      cti: cti(name),
      diploma: {
        number: 'A 0012345',
        holderName: 'Trần Văn Bình (MẪU)',
        title: 'Bằng tốt nghiệp đại học',
        field: 'Luật hành chính',
        awarded: '2019-06-20' as DiplomaClaims['diploma']['awarded'],
        classification: 'Khá',
        status: { list: 1, idx: 9 },
        document: sha256(documentFile),
        birthDate: '1997-03' as NonNullable<DiplomaClaims['diploma']['birthDate']>,
        basis: 1,
        ...more,
      },
    }
    const key = signer ?? (await keyOf(iss, 'diploma'))
    return seal({ kid: key.kid, claims, sign: key.sign })
  }

  /** The issuing entry of a sealed credential. */
  const entryOf = async (sealed: Uint8Array, more: Record<string, unknown> = {}) => {
    const { kind, claims, kid, payload } = parseSealed(sealed)
    return {
      v: 1,
      at: claims.iat + 5,
      type: kind === 'card' ? 'card.issued' : 'diploma.registered',
      agency: claims.iss as string | undefined,
      ref: encodeBase64url(sha256(Buffer.concat([utf8('antin/ref/1'), claims.cti])).slice(0, 16)),
      digest: encodeBase64url(sha256(payload)),
      kid: encodeBase64url(kid) as string | undefined,
      ...more,
    }
  }

  const newLog = () => new TestLog('antin.example/log', logKey, witnesses)
  const filler = (at: number, i: number) => ({
    v: 1,
    at,
    type: 'status-list.changed',
    agency: 'G09',
    list: i,
    digest: encodeBase64url(sha256(utf8(`list ${i}`))),
  })

  /** A log of `before` other entries, the credential's, and `after` others; and that log's receipt for it. */
  const logged = async (sealed: Uint8Array, { before = 5, after = 6, more = {} as Record<string, unknown> } = {}) => {
    const log = newLog()
    const entry = await entryOf(sealed, more)
    for (let i = 0; i < before; i++) log.append(filler(entry.at - 100 + i, i))
    const leaf = log.append(entry)
    for (let i = 0; i < after; i++) log.append(filler(entry.at + i * hour, before + i))
    return { log, leaf }
  }

  const proofPath = (sealed: Uint8Array) => {
    const { claims } = parseSealed(sealed)
    return `/log/proof?ref=${encodeBase64url(sha256(Buffer.concat([utf8('antin/ref/1'), claims.cti])).slice(0, 16))}`
  }

  /** The receipt's anchor at a size, by the contract of the index. */
  const anchorAt = (log: TestLog, size: number, receiptSize: number): NonNullable<Receipt['anchor']> => ({
    chainId: contract.chainId,
    contract: contract.address,
    treeSize: size,
    consistencyPath: log.consistencyPath(Math.min(size, receiptSize), Math.max(size, receiptSize)),
    transaction: `0x${'7a'.repeat(32)}`,
    block: 90,
    time: now - 20 * day,
  })

  return {
    pin,
    keys: { root1, root2, root3, root4, trust1, trust2, stranger },
    keyOf,
    keyPayload,
    agencies: agencies as typeof agencies & Agencies,
    rootPayloads,
    rootFiles,
    slice,
    index,
    statusList,
    files,
    card,
    diploma,
    entryOf,
    newLog,
    filler,
    logged,
    proofPath,
    anchorAt,
    logKey,
    witnesses,
  }
}

export type World = Awaited<ReturnType<typeof makeWorld>>

type CardInput = Partial<CardClaims['card']> & { iss?: string; signer?: TestKey; iat?: number; exp?: number }
type DiplomaInput = Partial<DiplomaClaims['diploma']> & { iss?: string; signer?: TestKey; iat?: number; exp?: number }
