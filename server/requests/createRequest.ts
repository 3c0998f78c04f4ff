import { createHash } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { canonicalJson } from '../../core/encoding/canonicalJson.ts'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { recordAudit } from '../audit/auditTable.ts'
import type { Tx } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import type { RequestKind } from './requestKinds.ts'
import { insertItems, insertRequest } from './requestsTable.ts'

/** Something an approver should look at; `code` has a text in the pages' locales. */
export interface Warning {
  code: string
  field?: string
}

export interface RequestItemDraft {
  officerId?: string | undefined
  /** Version of the officer that the claims were made from. */
  officerVersion?: number | undefined
  /** Look-up index of a personal number in the claims; by it the person's erasure finds them. */
  personIndex?: Buffer | undefined
  subjectRef?: Uint8Array | undefined
  /** What approvers are shown and what will be issued; plain JSON values. */
  claims: object
  warnings?: readonly Warning[]
}

export interface RequestDraft {
  kind: RequestKind
  agency: AgencyCode
  maker: { sub: string; name: string }
  /** Nothing personal. */
  detail?: Record<string, unknown>
  /** The real reason; kept sealed. */
  reason?: string | undefined
  items: readonly RequestItemDraft[]
}

const maxItems = 100_000
const chunk = 1000

/** Writes a pending request with its items and returns its id. Throws `request.empty` without items, `request.too-many` over 100,000. */
export async function createRequest(tx: Tx, cipher: FieldCipher, draft: RequestDraft): Promise<string> {
  if (draft.items.length === 0) throw new AppError('request.empty')
  if (draft.items.length > maxItems) throw new AppError('request.too-many')
  const id = uuidv7()
  await insertRequest(tx, { id, ...draft, reason: draft.reason ? cipher.seal(draft.reason) : null, total: draft.items.length })
  for (let from = 0; from < draft.items.length; from += chunk) {
    await insertItems(
      tx,
      id,
      draft.items.slice(from, from + chunk).map((item, at) => {
        const text = canonicalJson(item.claims)
        return {
          seq: from + at + 1,
          officerId: item.officerId ?? null,
          officerVersion: item.officerVersion ?? null,
          personIndex: item.personIndex ?? null,
          subjectRef: item.subjectRef ? Buffer.from(item.subjectRef) : null,
          claims: cipher.seal(text),
          claimsDigest: digestOfClaims(text),
          warnings: item.warnings ?? [],
        }
      }),
    )
  }
  await recordAudit(tx, {
    actor: draft.maker,
    action: 'request.made',
    agency: draft.agency,
    subject: `request:${id}`,
    detail: { kind: draft.kind, total: draft.items.length },
  })
  return id
}

/** SHA-256, 32 bytes, of claims in canonical JSON. */
export function digestOfClaims(canonical: string): Buffer {
  return createHash('sha256').update(canonical, 'utf8').digest()
}
