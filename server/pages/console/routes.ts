import express, { type Request, type RequestHandler, type Response, type Router } from 'express'
import type { Pool } from 'pg'
import { AppError } from '../../../core/errors.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import type { AgencyTree } from '../../agencies/agencyTree.ts'
import type { FieldCipher } from '../../keys/fieldCipher.ts'
import { type RequestKind, requestKinds } from '../../requests/requestKinds.ts'
import type { Actor } from '../../staff/actor.ts'
import { authorize, holds, type Permission } from '../../staff/authorize.ts'
import type { Sessions } from '../../staff/sessions.ts'

/** What every console page needs. */
export interface PageDeps {
  pool: Pool
  cipher: FieldCipher
  tree: AgencyTree
  sessions: Sessions
  /** Seconds. */
  clock: () => number
}

type Handler = (req: Request, res: Response, actor: Actor) => unknown

/** A console route and what it takes to reach it; the authorization table test walks over these. */
export interface DeclaredRoute {
  method: 'get' | 'post'
  path: string
  /** Any one of these. `[]`: anyone signed in. */
  permissions: readonly Permission[]
}

export interface ConsoleRouter {
  router: Router
  declared: DeclaredRoute[]
  get(path: string, permission: Permission | readonly Permission[], handler: Handler): void
  /** Needs the step-up that the permission asks for; a GET does not. */
  post(path: string, permission: Permission | readonly Permission[], handler: Handler): void
  /** A `post` whose handler reads a multipart form and checks its token (`checkCsrf`). */
  upload(path: string, permission: Permission | readonly Permission[], handler: Handler): void
}

/** Keeps multipart forms, whose token the shell cannot see, from routes that would not check it either. Throws `auth.csrf`. */
export const refuseMultipart: RequestHandler = (req, _res, next) => {
  if (req.is('multipart/form-data')) throw new AppError('auth.csrf')
  next()
}

/** A router whose every route names its permission. Handlers still check the agency of what they act on with `inScope`. */
export function consoleRouter(deps: Pick<PageDeps, 'tree' | 'clock'>): ConsoleRouter {
  const router = express.Router()
  const declared: DeclaredRoute[] = []
  const listOf = (permission: Permission | readonly Permission[]) => (typeof permission === 'string' ? [permission] : permission)
  const add = (path: string, permission: Permission | readonly Permission[], handler: Handler, before: RequestHandler[] = []) => {
    const permissions = listOf(permission)
    declared.push({ method: 'post', path, permissions })
    router.post(path, ...before, async (req, res) => {
      if (!req.actor) throw new AppError('auth.required')
      const held = permissions.find(one => holds(req.actor, one))
      if (permissions.length > 0) authorize(req.actor, held ?? permissions[0]!, undefined, deps.tree, deps.clock())
      await handler(req, res, req.actor)
    })
  }
  return {
    router,
    declared,
    get(path, permission, handler) {
      const permissions = listOf(permission)
      declared.push({ method: 'get', path, permissions })
      router.get(path, async (req, res) => {
        if (!req.actor) throw new AppError('auth.required')
        if (permissions.length > 0 && !permissions.some(one => holds(req.actor, one))) throw new AppError('auth.forbidden')
        await handler(req, res, req.actor)
      })
    },
    post: (path, permission, handler) => add(path, permission, handler, [refuseMultipart]),
    upload: (path, permission, handler) => add(path, permission, handler),
  }
}

/** @throws auth.outside-scope when the agency is not the actor's nor below it */
export function inScope(tree: AgencyTree, actor: Actor, agency: string): AgencyCode {
  if (agency !== actor.agency && !tree.inSubtree(agency, actor.agency)) throw new AppError('auth.outside-scope')
  return agency as AgencyCode
}

/** The agencies that an actor may see: theirs and all below. */
export function agenciesOf(tree: AgencyTree, actor: Actor): readonly AgencyCode[] {
  const known = tree.subtree(actor.agency)
  return known.length > 0 ? known : [actor.agency]
}

/** The kinds of requests that an actor may decide. */
export function decidableKinds(actor: Actor): RequestKind[] {
  return (Object.keys(requestKinds) as RequestKind[]).filter(kind => holds(actor, requestKinds[kind].decide))
}

/** The fields of a form: the first value of each name, trimmed. */
export function fieldsOf(req: Request): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [name, value] of Object.entries((req.body ?? {}) as Record<string, unknown>)) {
    const first = Array.isArray(value) ? value[0] : value
    if (typeof first === 'string') fields[name] = first.trim()
  }
  return fields
}

/** All values of one field, as of check boxes. */
export function valuesOf(req: Request, name: string): string[] {
  const value = ((req.body ?? {}) as Record<string, unknown>)[name]
  const list = Array.isArray(value) ? value : value === undefined ? [] : [value]
  return list.filter((one): one is string => typeof one === 'string')
}

/** A query parameter, trimmed; empty when absent. */
export function queryOf(req: Request, name: string): string {
  const value = req.query[name]
  return typeof value === 'string' ? value.trim() : ''
}

/** `path?…` with the parameters that are not empty. */
export function href(path: string, parameters: Record<string, string | undefined>): string {
  const query = new URLSearchParams(Object.entries(parameters).filter((entry): entry is [string, string] => Boolean(entry[1])))
  return query.size > 0 ? `${path}?${query}` : path
}

/** Who did it, for commands and the audit. */
export function whoOf(actor: Actor): { sub: string; name: string } {
  return { sub: actor.sub, name: actor.name }
}
