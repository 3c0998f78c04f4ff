import type pkcs11 from 'pkcs11js'
import { asToken, openPkcs11Library } from './pkcs11Library.ts'

/** A token in a slot, as it describes itself without a PIN. */
export interface TokenInfo {
  readonly label: string
  readonly manufacturer: string
  readonly model: string
  /** `locked`: its PIN is locked, or one wrong try from it, and we do not try. `write-protected`: its keys sign, none is made on it. */
  readonly state: 'ready' | 'write-protected' | 'no-pin' | 'locked'
}

/** The initialised tokens that a PKCS#11 library shows, by label; none is logged in to. Throws `key.pkcs11`. */
export async function pkcs11Tokens(module: string): Promise<TokenInfo[]> {
  const { native, library, release } = await openPkcs11Library(module)
  try {
    return asToken(() => library.C_GetSlotList(true).map(slot => library.C_GetTokenInfo(slot)))
      .filter(token => token.flags & native.CKF_TOKEN_INITIALIZED)
      .map(token => ({
        label: labelOf(token),
        manufacturer: trimmed(token.manufacturerID),
        model: trimmed(token.model),
        state: stateOf(native, token.flags),
      }))
      .sort((a, b) => a.label.localeCompare(b.label))
  } finally {
    release()
  }
}

/** A token's label without what fills it up. */
export function labelOf(token: pkcs11.TokenInfo): string {
  return trimmed(token.label)
}

function stateOf(native: typeof pkcs11, flags: number): TokenInfo['state'] {
  if (!(flags & native.CKF_USER_PIN_INITIALIZED)) return 'no-pin'
  if (flags & (native.CKF_USER_PIN_LOCKED | native.CKF_USER_PIN_FINAL_TRY)) return 'locked'
  return flags & native.CKF_WRITE_PROTECTED ? 'write-protected' : 'ready'
}

function trimmed(text: string): string {
  return text.replace(/[\0 ]+$/, '')
}
