import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Express } from 'express'
import { composeWeb } from '../../../server/main.ts'
import { openPrivate } from '../../../server/officers/officerPrivate.ts'
import { readOfficersById } from '../../../server/officers/officersTable.ts'
import { scopes } from '../../../server/staff/actor.ts'
import { openPublicInstallation, type PublicInstallation } from '../publicInstallation.ts'
import { type ApiDocument, type Operation, readApiDocument } from './apiDocument.ts'
import { type Answer, exchange, type Sent } from './exchange.ts'
import { startTokenIssuer, type TokenIssuer } from './tokenIssuer.ts'

export const callers = [
  'maker',
  'approver',
  'printer',
  'auditor',
  'admin',
  'holder',
  'another',
  'cardless',
  'foreign',
  'barred',
  ...scopes,
] as const
export type Caller = (typeof callers)[number]

/** The whole server over the demonstration ministry, with an issuer of tokens; every answer is held against the document. */
export interface ApiWorld {
  readonly public: PublicInstallation
  readonly document: ApiDocument
  readonly issuer: TokenIssuer
  readonly port: number
  readonly app: Express
  readonly tokens: Readonly<Record<Caller, string>>
  /** A card's officer is the caller `holder`. */
  readonly holderSerial: string
  /** Personal number of that officer. */
  readonly holderNumber: string
  /** Statuses that an operation has answered with, by its id. */
  readonly reached: Map<string, Set<number>>
  /** Where an answer and the document disagree. */
  readonly disagreements: string[]
  operation(key: string): Operation
  /** Sends a request that belongs to an operation, whatever is wrong with it; `elsewhere` is the port of another server. */
  send(operation: Operation, sent: Sent, elsewhere?: number): Promise<Answer>
  close(): Promise<void>
}

export async function openApiWorld(databaseUrl: string, open = openPublicInstallation): Promise<ApiWorld> {
  const audience = 'urn:antin:api'
  const issuer = await startTokenIssuer(audience)
  const world = await open(databaseUrl, { OIDC_ISSUER: issuer.issuer, TRUST_PROXY: 'true', API_AUDIENCE: audience })
  const { installation } = world
  const document = readApiDocument(world.origin)
  const { app } = await composeWeb(installation, { demonstration: true })
  const server: Server = createServer(app)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  const holderCard = world.cards.all.find(card => card.endedAs === null && card !== world.cards.genuine)!
  const numberOf = async ({ officerId }: { officerId: string }) => {
    const [officer] = await readOfficersById(installation.pool, [officerId])
    return openPrivate(installation.cipher, officer!.private!).personalNumber
  }
  const personalNumber = await numberOf(holderCard)
  const person = (sub: string, roles: string[], agency = 'G09') => ({
    sub,
    client_id: 'antin-cli',
    name: `Mẫu ${sub}`,
    roles,
    agency,
    acr: 'urn:antin:mfa',
    auth_time: Math.floor(Date.now() / 1000),
  })
  const claims: Record<string, object> = {
    ...Object.fromEntries(['maker', 'approver', 'printer', 'auditor', 'admin'].map(role => [role, person(role, [role])])),
    holder: { ...person('holder', ['holder']), officer: personalNumber },
    another: { ...person('another', ['holder']), officer: await numberOf(world.cards.genuine) },
    cardless: person('cardless', ['holder']),
    foreign: person('foreign', ['maker', 'approver', 'printer', 'auditor', 'admin'], 'G10'),
    barred: person('barred', ['maker', 'approver', 'printer', 'auditor', 'admin']),
    ...Object.fromEntries(scopes.map(scope => [scope, { sub: scope, client_id: `machine-${scope}`, agency: 'G09', scope }])),
  }
  const tokens = Object.fromEntries(
    await Promise.all(callers.map(async caller => [caller, await issuer.token(claims[caller] as never)])),
  ) as Record<Caller, string>
  await installation.pool.query(
    `insert into staff (sub, name, roles, agency_code, first_seen_at, last_seen_at, barred_at) values ('barred', 'Mẫu', '{maker}', 'G09', now(), now(), now())`,
  )

  const reached: ApiWorld['reached'] = new Map()
  const disagreements: string[] = []
  const byKey = new Map(document.operations.map(each => [`${each.method} ${each.path}`, each]))
  return {
    public: world,
    document,
    issuer,
    port,
    app,
    tokens,
    holderSerial: holderCard.serial,
    holderNumber: personalNumber,
    reached,
    disagreements,
    operation(key) {
      const found = byKey.get(key)
      if (!found) throw new Error(`The document has no ${key}`)
      return found
    },
    async send(operation, sent, elsewhere = port) {
      // Each request comes from an address of its own, so that limits are met only where they are meant.
      const headers = { 'x-forwarded-for': `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`, ...sent.headers }
      const answer = await exchange(elsewhere, { ...sent, headers })
      const statuses = reached.get(operation.id) ?? new Set()
      reached.set(operation.id, statuses.add(answer.status))
      for (const fault of document.judge(operation, answer))
        disagreements.push(`${sent.method} ${sent.path} ${String(sent.body ?? '').slice(0, 200)} -> ${fault}`)
      return answer
    },
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      await world.close()
      await issuer.close()
    },
  }
}
