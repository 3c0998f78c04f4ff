import { encodeBase64url } from '../../core/encoding/base64url.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { EntryDraft } from '../../core/log/entry.ts'
import type { CommittedReason } from '../requests/reasons.ts'
import type { DiplomaRow } from './diplomasTable.ts'

/** The entry that ends a diploma (formats 5); `by` is the ref of the one that takes its place. */
export function endEntry(
  { isRestricted }: { isRestricted: (agency: AgencyCode) => boolean },
  row: Pick<DiplomaRow, 'ref' | 'issuerCode'>,
  type: 'diploma.ended' | 'diploma.corrected',
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
