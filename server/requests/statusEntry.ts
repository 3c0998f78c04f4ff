import { encodeBase64url } from '../../core/encoding/base64url.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { EntryDraft } from '../../core/log/entry.ts'
import type { CommittedReason } from './reasons.ts'

export type StatusEntryType = 'card.suspended' | 'card.resumed' | 'card.ended' | 'diploma.ended' | 'diploma.corrected'

/** The entry of a change of a credential's status (formats 5); `by` is the ref of the one that takes its place. */
export function statusEntry(
  { isRestricted }: { isRestricted: (agency: AgencyCode) => boolean },
  row: { ref: Uint8Array; issuerCode: string },
  type: StatusEntryType,
  committed: CommittedReason,
  by?: Uint8Array,
): EntryDraft {
  return {
    type,
    ...(isRestricted(row.issuerCode as AgencyCode) ? {} : { agency: row.issuerCode }),
    ref: encodeBase64url(row.ref),
    commitment: committed.commitment,
    ...(by ? { by: encodeBase64url(by) } : {}),
  }
}
