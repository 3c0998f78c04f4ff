/**
 * Every code a check of a report can carry, by check. The sentence of each is in `messages/vi.ts` and `messages/en.ts`;
 * a code keeps its meaning for ever, because programs of others act on it.
 */
export const checkCodes = [
  'format.passed',
  'format.malformed',
  'format.too-large',
  'format.kind',
  'format.newer',

  'signature.passed',
  'signature.wrong',
  'signature.high-s',
  'signature.newer',
  'signature.holder-binding',
  'signature.unknown-key',
  'signature.no-trust',
  'signature.skipped',

  'issuer.passed',
  'issuer.proven-before-compromise',
  'issuer.unknown-agency',
  'issuer.unknown-key',
  'issuer.unknown-key-stale',
  'issuer.use',
  'issuer.not-entitled',
  'issuer.key-window',
  'issuer.key-retired',
  'issuer.agency-window',
  'issuer.using-agency',
  'issuer.stale',
  'issuer.compromised',
  'issuer.trust-missing',
  'issuer.trust-not-found',
  'issuer.trust-malformed',
  'issuer.trust-newer',
  'issuer.trust-signature',
  'issuer.trust-unknown-signer',
  'issuer.trust-agency-signed',
  'issuer.trust-epoch',
  'issuer.trust-older',
  'issuer.trust-expired',
  'issuer.trust-digest',
  'issuer.trust-other-agency',
  'issuer.root-missing',
  'issuer.root-malformed',
  'issuer.root-unpinned',
  'issuer.root-threshold',
  'issuer.root-skipped-threshold',
  'issuer.root-epoch',
  'issuer.root-older',
  'issuer.root-expired',
  'issuer.skipped',

  'validity.passed',
  'validity.expired',
  'validity.future',
  'validity.future-unconfirmed',
  'validity.clock',
  'validity.skipped',

  'status.passed',
  'status.revoked',
  'status.suspended',
  'status.never-issued',
  'status.missing',
  'status.malformed',
  'status.newer',
  'status.bits',
  'status.index',
  'status.signature',
  'status.unknown-key',
  'status.use',
  'status.key-window',
  'status.compromised',
  'status.other-issuer',
  'status.other-list',
  'status.future',
  'status.older',
  'status.before-credential',
  'status.stale',
  'status.expired',
  'status.no-trust',
  'status.skipped',

  'document.matches',
  'document.signed',
  'document.not-given',
  'document.signature-wrong',
  'document.copy',
  'document.card',
  'document.skipped',

  'log.passed',
  'log.not-required',
  'log.missing',
  'log.not-yet',
  'log.malformed',
  'log.proof',
  'log.foreign',
  'log.checkpoint',
  'log.unknown-log',
  'log.window',
  'log.quorum',
  'log.no-trust',
  'log.entry-differs',
  'log.inconsistent',
  'log.absent',
  'log.skipped',

  'anchor.passed',
  'anchor.not-required',
  'anchor.none',
  'anchor.no-node',
  'anchor.silent',
  'anchor.wrong-chain',
  'anchor.no-code',
  'anchor.wrong-code',
  'anchor.unknown-size',
  'anchor.unknown-contract',
  'anchor.proof',
  'anchor.pending',
  'anchor.late',
  'anchor.no-log',
  'anchor.no-trust',
  'anchor.different-root',
  'anchor.skipped',

  'photo.matches',
  'photo.not-given',
  'photo.differs',
  'photo.skipped',
] as const

export type CheckCode = (typeof checkCodes)[number]

/**
 * The details of `document.copy`: what a file is that is not the registered one. `unsigned`; `appended`: something was added after the
 * issuer signed; `expired`: signed by the issuer's key outside its time; `compromised`; `foreign`: signed by somebody else.
 */
export const copyDetails = ['unsigned', 'appended', 'expired', 'compromised', 'foreign'] as const
export type CopyDetail = (typeof copyDetails)[number]

const known: ReadonlySet<string> = new Set(checkCodes)

/** Whether a text is one of the codes above. */
export function isCheckCode(text: string): text is CheckCode {
  return known.has(text)
}
