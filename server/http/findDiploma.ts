import type { Request } from 'express'
import type { Pool } from 'pg'
import { z } from 'zod'
import { decodeBase64url } from '../../core/encoding/base64url.ts'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import type { AgencyTree } from '../agencies/agencyTree.ts'
import { type OpenedDiploma, readDiploma } from '../diplomas/readDiploma.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { authorize } from '../staff/authorize.ts'

export const refParameter = z.object({ ref: z.string().regex(/^[\w-]{21}[AQgw]$/) })

/** The ref in a request's path, 16 bytes. Throws `diploma.not-found`. */
export function refOf(req: Request): Uint8Array {
  const ref = refParameter.safeParse(req.params)
  if (!ref.success) throw new AppError('diploma.not-found')
  return decodeBase64url(ref.data.ref)
}

/** The diploma that a request's path names, when the caller may use it so. Throws `auth.*`, `diploma.not-found`. */
export async function findDiploma(
  deps: { pool: Pool; cipher: FieldCipher; agencies: AgencyTree },
  req: Request,
  permission: 'diplomas.read' | 'diplomas.register',
): Promise<OpenedDiploma> {
  authorize(req.actor, permission, undefined, deps.agencies)
  const diploma = await readDiploma(deps.pool, deps.cipher, refOf(req))
  authorize(req.actor, permission, diploma.issuerCode as AgencyCode, deps.agencies)
  return diploma
}
