import { z } from 'zod'
import { decodeBase64url } from '../../../core/encoding/base64url.ts'
import type { FieldCipher } from '../../keys/fieldCipher.ts'

const content = z.object({ search: z.string(), fields: z.record(z.string(), z.string()) })

/** What was searched for, as it may stand in an address: no history, log or proxy reads it, and for others than `sub` it means nothing. */
export function sealSearch(cipher: FieldCipher, sub: string, fields: Record<string, string>): string {
  const filled = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''))
  return cipher.seal(JSON.stringify({ search: sub, fields: filled })).toString('base64url')
}

/** The fields of `sealSearch`; none of what was changed, is another's, or was sealed under a key that is gone. */
export function openSearch(cipher: FieldCipher, sub: string, sealed: string): Record<string, string> {
  if (!/^[\w-]{40,6000}$/.test(sealed)) return {}
  try {
    const { search, fields } = content.parse(JSON.parse(cipher.open(decodeBase64url(sealed)).toString('utf8')))
    return search === sub ? fields : {}
  } catch {
    return {}
  }
}
