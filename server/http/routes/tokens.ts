import { type Request, Router } from 'express'
import type { Pool } from 'pg'
import { z } from 'zod'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { AppError } from '../../../core/errors.ts'
import { isCardSerial } from '../../../core/identity/cardSerial.ts'
import type { AgencyTree } from '../../agencies/agencyTree.ts'
import { cardBySerial } from '../../cards/cardsTable.ts'
import type { FieldCipher } from '../../keys/fieldCipher.ts'
import { addressKey } from '../../verification/addressKey.ts'
import { limitMisses, missesByAddress } from '../../verification/limitMisses.ts'
import { readToken } from '../../verification/verifyRequest.ts'
import { problems } from '../problemResponses.ts'
import { limitRequests } from '../rateLimits.ts'
import { readJson } from '../readJson.ts'
import type { SealedByToken } from '../sealedByToken.ts'

export interface TokensRoutesDeps {
  pool: Pool
  cipher: FieldCipher
  agencies: Pick<AgencyTree, 'get'>
  /** Seconds. */
  clock: () => number
  sealedByToken: SealedByToken
}

const tokenBody = z.object({ token: z.string().max(64).describe('What follows /t/ in a short QR') })
const serialBody = z.object({ serial: z.string().max(20).describe('G09-26-0000123-K') })
const agencyName = z.object({ vi: z.string(), en: z.string() })
const statusAnswer = z.object({
  serial: z.string(),
  status: z.enum(['active', 'suspended', 'ended', 'expired']),
  agency: z.string(),
  agencyName,
})

/** `POST /api/tokens`: the sealed card of a short QR, its token in the body because addresses are logged. `POST /api/card-status`: by the printed number. */
export function tokensRoutes(deps: TokensRoutesDeps): Router {
  const router = Router()
  const { pool } = deps
  const readBody = readJson(4096)

  router.post('/api/tokens', limitRequests({ pool, name: 'tokens', limit: 120, seconds: 60 }), readBody, async (req, res) => {
    res.set('Cache-Control', 'no-store')
    const token = readToken(tokenBody.parse(req.body).token)
    const sealed = token && (await deps.sealedByToken(token, req.ip))
    if (!sealed) throw new AppError('token.not-found')
    res.json({ credential: encodeBase64url(sealed) })
  })

  router.post('/api/card-status', limitRequests({ pool, name: 'card-status', limit: 30, seconds: 60 }), readBody, async (req, res) => {
    res.set('Cache-Control', 'no-store')
    const answer = await cardStatus(deps, serialBody.parse(req.body).serial, askerOf(req))
    if (!answer) throw new AppError('card.not-found')
    res.json(answer)
  })

  return router
}

/** The address whose misses are counted; undefined for who is signed in: they are known, and have a quota. */
export function askerOf({ actor, ip }: Pick<Request, 'actor' | 'ip'>): string | undefined {
  return actor ? undefined : addressKey(ip)
}

/**
 * Status and issuer of a printed card number, or null when there is no such card. Nothing personal. `asker` is whose misses are counted.
 * Throws `limit.lookups`.
 */
export async function cardStatus(
  deps: Omit<TokensRoutesDeps, 'sealedByToken'>,
  serial: string,
  asker: string | undefined,
): Promise<z.infer<typeof statusAnswer> | null> {
  const { pool, cipher, agencies, clock } = deps
  const limits = asker === undefined ? [] : [{ key: cipher.index('lookup-address', asker), most: missesByAddress }]
  const card = await limitMisses(deps, limits, async () => (isCardSerial(serial) ? cardBySerial(pool, serial) : null))
  if (!card) return null
  const agency = agencies.get(card.issuerCode)
  const agencyName = { vi: agency?.nameVi ?? card.issuerCode, en: agency?.nameEn ?? agency?.nameVi ?? card.issuerCode }
  return { serial, status: statusOf(card, clock()), agency: card.issuerCode, agencyName }
}

function statusOf({ endedAs, status, expiresAt }: { endedAs: string | null; status: number; expiresAt: Date }, now: number) {
  if (endedAs === 'expired' || (endedAs === null && expiresAt.getTime() / 1000 < now)) return 'expired'
  if (endedAs !== null) return 'ended'
  return status === 2 ? 'suspended' : 'active'
}

const json = <T>(schema: T) => ({ 'application/json': { schema } })

export const tokensPaths = {
  '/api/tokens': {
    post: {
      summary: 'The sealed card of a short QR',
      security: [],
      requestBody: { required: true, content: json(tokenBody) },
      responses: {
        200: {
          description: 'To be verified by the caller',
          content: json(z.object({ credential: z.string().describe('Sealed, base64url') })),
        },
        ...problems(400, 404, 429),
      },
    },
  },
  '/api/card-status': {
    post: {
      summary: 'Status and issuer of a printed card number; proves nothing about a card in hand',
      security: [],
      requestBody: { required: true, content: json(serialBody) },
      responses: { 200: { description: 'No personal data', content: json(statusAnswer) }, ...problems(400, 404, 429) },
    },
  },
}
