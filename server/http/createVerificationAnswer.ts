import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { liveThumbprint } from '../../core/live/judgeLive.ts'
import type { DocumentInput, VerifyInput } from '../../core/verification/evidence.ts'
import type { Report } from '../../core/verification/report.ts'
import { recordAudit } from '../audit/auditTable.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import type { Actor } from '../staff/actor.ts'
import { holds } from '../staff/authorize.ts'
import { addressKey } from '../verification/addressKey.ts'
import type { Verifier } from '../verification/createVerifier.ts'
import { type LookUp, lookUpDiploma } from '../verification/lookUpDiploma.ts'
import { readGivenCredential, readToken } from '../verification/verifyRequest.ts'
import { registeredDiplomas } from './registeredDiplomas.ts'
import type { SealedByToken } from './sealedByToken.ts'
import type { VerificationBody } from './verificationBody.ts'

export interface VerificationAnswerDeps {
  pool: Pool
  cipher: FieldCipher
  verifier: Verifier
  sealedByToken: SealedByToken
  /** Whether a phone's key (thumbprint, 32 bytes) is bound to a card now. */
  isBound?: (thumbprint: Uint8Array) => Promise<boolean>
  /** Seconds. */
  clock: () => number
}

export type VerificationAnswer = Report & {
  live?: 'live' | 'stale' | 'wrong' | 'ended' | 'unknown'
  lookup?: Pick<LookUp, 'outcome' | 'fields' | 'decision'>
  successor?: Report | null
}

/**
 * A function that answers one parsed request. `address` is whose misses are counted; signed-in checkers who may see full data get it,
 * recorded. Throws `token.not-found`, `verification.not-found`, `limit.lookups`.
 */
export function createVerificationAnswer(deps: VerificationAnswerDeps) {
  const { pool, cipher, clock } = deps
  const { verify, judgeLive } = deps.verifier
  const registered = registeredDiplomas(pool, cipher)
  return async (body: VerificationBody, actor: Actor | null, address: string | undefined): Promise<VerificationAnswer> => {
    const document = body.documentSha256 === undefined ? undefined : { sha256: Buffer.from(body.documentSha256, 'hex') }
    if (body.credential !== undefined) {
      const given = readGivenCredential(body.credential)
      if (given.kind === 'token') return byToken(given.token, document, body, address)
      const report = await verify({ sealed: given.sealed, document }, body.policy)
      return given.live && report.credential ? { ...report, live: await liveOf(given.live) } : report
    }
    if (body.token !== undefined) {
      const token = readToken(body.token)
      if (!token) throw new AppError('token.not-found')
      return byToken(token, document, body, address)
    }
    if (body.agency !== undefined && body.soHieu !== undefined) return byNumber(body, document, actor, address)
    const found = await registered.byDocument(document!.sha256)
    if (!found) throw new AppError('verification.not-found')
    return verify({ sealed: found.sealed, document }, body.policy)
  }

  async function byToken(
    token: Uint8Array,
    document: DocumentInput | undefined,
    { policy }: VerificationBody,
    address: string | undefined,
  ): Promise<VerificationAnswer> {
    const sealed = await deps.sealedByToken(token, address)
    if (!sealed) throw new AppError('token.not-found')
    return verify({ sealed, document }, policy)
  }

  async function byNumber(
    body: VerificationBody,
    document: DocumentInput | undefined,
    actor: Actor | null,
    address: string | undefined,
  ): Promise<VerificationAnswer> {
    const isChecker = holds(actor, 'verify.full')
    const typed = { ...body, agency: body.agency!, soHieu: body.soHieu!, ngaySinh: body.ngaySinh!, document }
    const verifyThis = (input: VerifyInput) => verify(input, body.policy)
    const lookUpDeps = { pool, cipher, verify: verifyThis, clock, diplomasByNumber: registered.byNumber, diplomaByRef: registered.byRef }
    const found = await lookUpDiploma(lookUpDeps, typed, isChecker ? undefined : addressKey(address))
    if (isChecker) await record(actor!, found)
    if (!found) throw new AppError('verification.not-found')
    const { outcome, fields, decision, report, successor } = found
    const lookup = { outcome, fields, decision }
    return isChecker ? { ...report, lookup, successor } : { ...report, credential: null, lookup }
  }

  function record(actor: Actor, found: LookUp | null): Promise<void> {
    return recordAudit(pool, {
      actor,
      action: found ? 'diploma.looked-up' : 'diploma.looked-up-in-vain',
      agency: actor.agency as AgencyCode,
      subject: found?.report.credential ? `diploma:${found.report.credential.ref}` : undefined,
    })
  }

  async function liveOf(bytes: Uint8Array): Promise<NonNullable<VerificationAnswer['live']>> {
    const { kind } = await judgeLive(bytes)
    if (kind !== 'live' || !deps.isBound) return kind
    const thumbprint = await liveThumbprint(bytes, nodeCrypto)
    return thumbprint && (await deps.isBound(thumbprint)) ? 'live' : 'ended'
  }
}
