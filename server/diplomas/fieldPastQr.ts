import { requireQrFits } from '../../core/credential/qr.ts'
import { seal } from '../../core/credential/sealed.ts'
import { AppError } from '../../core/errors.ts'
import { diplomaClaims } from './diplomaClaims.ts'
import type { ShownDiploma } from './shownDiploma.ts'

/** As long as what issuing will give. */
const given = { iat: 0xffff_ffff, cti: new Uint8Array(16), status: { list: 0xffff, idx: 0x1_ffff } }
const signature = new Uint8Array(64).fill(1)

/**
 * The field to shorten when a diploma's sealed credential does not fit its QR code (formats 1), null when it does: told before anybody
 * approves what cannot be issued.
 */
export async function fieldPastQr(origin: string, shown: ShownDiploma): Promise<keyof ShownDiploma | null> {
  try {
    const claims = diplomaClaims(shown, given)
    const sealed = await seal({ kid: new Uint8Array(8), claims, sign: () => signature })
    requireQrFits(origin, sealed.length, claims)
    return null
  } catch (error) {
    if (error instanceof AppError && error.code === 'qr.too-large') return error.detail as keyof ShownDiploma
    // Any other rule is told where it is checked.
    if (error instanceof AppError) return null
    throw error
  }
}
