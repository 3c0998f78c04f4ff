import type { Request } from 'express'
import { AppError } from '../../../core/errors.ts'
import { type OpenedDiploma, readDiploma } from '../../diplomas/readDiploma.ts'
import type { Actor } from '../../staff/actor.ts'
import { inScope, type PageDeps } from './routes.ts'

const refForm = /^[\w-]{22}$/

/** The ref in a page's path, 16 bytes. Throws `diploma.not-found`. */
export function refOfPath(req: Request): Buffer {
  const ref = String(req.params.ref)
  if (!refForm.test(ref)) throw new AppError('diploma.not-found')
  return Buffer.from(ref, 'base64url')
}

/** The diploma that a page's path names, of the actor's agencies. Throws `diploma.not-found`, `auth.outside-scope`. */
export async function diplomaOfPath(deps: PageDeps, req: Request, actor: Actor): Promise<OpenedDiploma> {
  const diploma = await readDiploma(deps.pool, deps.cipher, refOfPath(req))
  inScope(deps.tree, actor, diploma.issuerCode)
  return diploma
}
