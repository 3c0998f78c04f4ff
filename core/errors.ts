/** Every error code there is, with its meaning in one line; `docs/errors.md` is made from this table. */
export const errorCodes = {
  'auth.csrf': 'The form was not sent from our own page, or its session has ended',
  'auth.forbidden': 'No role or scope of yours allows this',
  'auth.outside-scope': 'That agency is not yours nor below yours',
  'auth.required': 'Sign in first, or give a valid access token',
  'auth.sign-in': 'The identity provider did not sign you in',
  'auth.step-up': 'Prove who you are again before doing this',
  'cipher.master-key': "The master key does not open this database's data keys",
  'cipher.open': 'A sealed value was changed, cut, or its key is gone',
  'encoding.base64url': 'Not canonical base64url without padding',
  'encoding.cbor': 'Not deterministic CBOR of the allowed kinds and depth',
  'encoding.decimal': 'Not the decimal text form of bytes',
  'encoding.hex': 'Not lowercase hexadecimal',
  'encoding.json': 'Not JSON of the allowed depth, or a name occurs twice',
  'encoding.utf8': 'Not well-formed UTF-8',
  'format.binding': 'The holder binding of a live card is broken',
  'format.cap': 'Larger than the form allows',
  'format.card': 'A field of the card is missing, empty or malformed',
  'format.cbor': 'The bytes are not deterministic CBOR',
  'format.claims': 'A claim is missing or malformed',
  'format.decimal': 'The digits are not the decimal form of bytes',
  'format.diploma': 'A field of the diploma is missing, empty or malformed',
  'format.disclosure': 'A disclosure of the SD-JWT is malformed, doubled or not referenced',
  'format.header': 'The header is malformed or holds what is never allowed',
  'format.jwt': 'Not a JWS or SD-JWT in compact form',
  'format.kid': 'The key identifier is not 8 bytes',
  'format.newer': 'Well formed, but of a kind that this program does not know yet',
  'format.signature-length': 'The signature is not 64 bytes',
  'format.structure': 'Not a COSE_Sign1 structure',
  'format.tag': 'The tag is not that of a COSE_Sign1',
  'format.too-large': 'Does not fit a QR code of version 15; a field has to be shortened',
  'http.invalid': 'The request cannot be read',
  'http.media-type': 'The body is of a kind that this address does not take',
  'http.method': 'The method is not allowed here',
  'http.not-found': 'Nothing is at this address',
  'http.too-large': 'The body is larger than allowed',
  'http.unavailable': 'The service cannot answer now; try again',
  'identity.agency-code': 'Not an agency code',
  'identity.card-serial': 'Not a card serial, or its check character is wrong',
  'identity.personal-number': 'Not 12 digits',
  internal: 'Something failed that should not have; the request id finds it in the log',
  'jws.malformed': 'Not a JWS of the one form that is read here',
  'jws.newer': 'A JWS with an algorithm or a header that this version does not know',
  'log.checkpoint': 'Not a checkpoint of a transparency log',
  'log.entry': 'Not a log entry in canonical form',
  'log.note': 'Not a signed note or a verifier key of one',
  'log.receipt': 'Not a receipt of a log entry',
  'log.tile': 'A tile or bundle of the log is malformed or missing',
  'pdf.syntax': 'Not a PDF that this program can read',
  'render.font': "A letter is in none of the template's fonts",
  'render.image': 'A picture is not of the kind or size the template takes',
  'render.qr': 'The QR does not fit the version allowed at its place',
  'render.template': 'The template is broken',
  'render.text': 'A text does not fit its place even at the smallest size allowed',
  'status-list.bits': 'A status list with another number of bits than 2',
  'status-list.malformed': 'Not a status list token',
  'trust.agency-signed': "A trust list signed by an agency's key",
  'trust.digest': 'A trust slice that is not the one the index of the same publication names',
  'trust.epoch': 'A trust list of another epoch than the newest root',
  'trust.malformed': 'Not a trust slice or trust index',
  'trust.newer': 'A trust list of a form that this version does not know',
  'trust.root-epoch': 'Root documents that are not the epochs 1, 2, 3 and so on',
  'trust.root-malformed': 'Not a root document',
  'trust.root-skipped-threshold': 'A root document that the threshold of the epoch before did not sign',
  'trust.root-threshold': 'A root document without the threshold of its own signatures',
  'trust.root-unpinned': 'The first root document is not the pinned one',
  'trust.signature': 'A trust list with a wrong signature',
  'trust.unknown-signer': 'A trust list signed by no key of the newest root',
} as const

export type ErrorCode = keyof typeof errorCodes

/** A broken rule or broken input. A negative verdict is data, never an AppError. */
export class AppError extends Error {
  readonly code: ErrorCode
  /** What was wrong, without personal data; may be shown to the caller. */
  readonly detail: string

  constructor(code: ErrorCode, detail: string = errorCodes[code], options?: ErrorOptions) {
    super(`${code}: ${detail}`, options)
    this.name = 'AppError'
    this.code = code
    this.detail = detail
  }
}
