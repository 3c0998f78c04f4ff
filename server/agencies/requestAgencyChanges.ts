import type { Pool } from 'pg'
import { AppError } from '../../core/errors.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { createRequest, type Warning } from '../requests/createRequest.ts'
import { readAgencies } from './agenciesTable.ts'
import { type AgencyChange, type AgencyReach, carryOut, claimsOfChange, judgeChange, scopeOfChange } from './agencyChange.ts'
import { countReach } from './agencyReachTable.ts'
import { type AgencyStates, agencyStates, chainOf } from './agencyState.ts'

export interface AgencyRequest {
  maker: { sub: string; name: string }
  /** The maker may act here and below, and so must whoever decides. */
  scope: AgencyCode
  /** Each is judged after those before it. */
  changes: readonly AgencyChange[]
  reason?: string | undefined
}

/**
 * Asks for changes of the tree, on which a second administrator decides; answers the request's id.
 * @throws agency.not-found · agency.conflict · auth.outside-scope · request.empty
 */
export async function requestAgencyChanges(deps: { pool: Pool; cipher: FieldCipher }, input: AgencyRequest): Promise<string> {
  return inTransaction(deps.pool, tx => draftAgencyRequest(tx, deps.cipher, input))
}

/** The same in a transaction that does more. */
export async function draftAgencyRequest(tx: Tx, cipher: FieldCipher, input: AgencyRequest): Promise<string> {
  const before = agencyStates(await readAgencies(tx))
  const states = new Map(before)
  const reachOf = await reach(tx, before, input.changes)
  const items = input.changes.map(change => {
    const within = scopeOfChange(states, change)
    if (!chainOf(states, within).includes(input.scope)) throw new AppError('auth.outside-scope')
    judgeChange(states, change)
    const claims = claimsOfChange(states, change, reachOf(change.code))
    carryOut(states, change)
    return { claims: { ...claims }, warnings: warningsOf(before, change) }
  })
  const [first] = input.changes
  return createRequest(tx, cipher, {
    kind: 'agency.change',
    agency: input.scope,
    maker: input.maker,
    detail: first && input.changes.length === 1 ? { action: first.action, code: first.code } : {},
    reason: input.reason,
    items,
  })
}

/** What cannot be taken back, or leaves nobody to answer. */
function warningsOf(states: AgencyStates, change: AgencyChange): Warning[] {
  if (change.action === 'dissolve') return change.successor === null ? [{ code: 'agency.no-successor' }] : []
  if (change.action === 'move') return []
  const was = states.get(change.code)?.profile.restricted ?? false
  return change.profile.restricted && !was ? [{ code: 'agency.restricted' }] : []
}

/** Counts what the agencies of the changes and all below them hold. */
async function reach(tx: Tx, states: AgencyStates, changes: readonly AgencyChange[]): Promise<(code: AgencyCode) => AgencyReach> {
  const children = new Map<AgencyCode, AgencyCode[]>()
  for (const [code, { parent }] of states) if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), code])
  const below = (code: AgencyCode): AgencyCode[] => {
    const found = new Set([code])
    for (const next of found) for (const child of children.get(next) ?? []) found.add(child)
    return [...found]
  }
  const subtrees = new Map(changes.filter(change => change.action !== 'add').map(({ code }) => [code, below(code)]))
  const counts = await countReach(tx, [...new Set([...subtrees.values()].flat())])
  return code => {
    const sum = { people: 0, validCards: 0, keys: 0, below: Math.max(0, (subtrees.get(code)?.length ?? 1) - 1) }
    for (const one of subtrees.get(code) ?? []) {
      const { people = 0, validCards = 0, keys = 0 } = counts.get(one) ?? {}
      sum.people += people
      sum.validCards += validCards
      sum.keys += keys
    }
    return sum
  }
}
