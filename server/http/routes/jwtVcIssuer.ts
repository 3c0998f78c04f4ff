import { hash } from 'node:crypto'
import { type Request, type Response, Router } from 'express'
import type pg from 'pg'
import { z } from 'zod'
import type { P256Jwk } from '../../../core/crypto/coreCrypto.ts'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { AppError } from '../../../core/errors.ts'
import { isAgencyCode } from '../../../core/identity/agencyCode.ts'
import { issuerUrl, jwtVcIssuerMetadata, typeMetadata, type VcKind, vcKinds } from '../../../core/sd-jwt/credentialTypes.ts'
import { readKeys } from '../../keys/keysTable.ts'
import { type SigningTree, signersOf } from '../../keys/signersOf.ts'
import { evidenceResponses } from '../evidenceResponses.ts'
import { openToAll } from '../openToAll.ts'
import { sendEvidence } from '../sendEvidence.ts'

export interface JwtVcIssuerRoutesDeps {
  pool: pg.Pool
  tree: SigningTree
  /** Origin of PUBLIC_URL. */
  publicUrl: string
  /** Seconds. */
  clock: () => number
}

/** SD-JWT VC type metadata at `/vct/KIND/1` and issuer metadata at `/.well-known/jwt-vc-issuer/agencies/CODE` (formats 2). */
export function jwtVcIssuerRoutes({ pool, tree, publicUrl, clock }: JwtVcIssuerRoutesDeps): Router {
  const router = Router()

  router.use(['/vct', '/.well-known/jwt-vc-issuer'], openToAll)
  router.get('/vct/:kind/1', (req, res) => {
    const { kind } = req.params
    if (!(vcKinds as readonly string[]).includes(kind)) throw new AppError('http.not-found')
    sendJson(req, res, typeMetadata(publicUrl, kind as VcKind), 86_400)
  })

  router.get('/.well-known/jwt-vc-issuer/agencies/:code', async (req, res) => {
    const { code } = req.params
    if (!isAgencyCode(code)) throw new AppError('trust.not-found')
    const now = clock()
    // Those of agencies above it and of its successors sign for it too, and a wallet knows no trust list.
    const signers = tree.get(code) ? signersOf(tree, code, now) : []
    const keys = (await Promise.all(signers.map(agency => readKeys(pool, { agency }))))
      .flat()
      .filter(
        key => (key.use === 'card' || key.use === 'diploma') && key.servedAt !== null && key.compromise === null && now <= key.notAfter,
      )
    if (keys.length === 0) throw new AppError('trust.not-found')
    const named = keys.map(({ kid, jwk }) => ({ kid: encodeBase64url(kid), jwk: jwk as P256Jwk }))
    sendJson(req, res, jwtVcIssuerMetadata(issuerUrl(publicUrl, code), named), 300)
  })

  return router
}

function sendJson(req: Request, res: Response, value: object, maxAge: number): void {
  const body = JSON.stringify(value)
  sendEvidence(req, res, { body, type: 'application/json; charset=utf-8', tag: hash('sha256', body, 'base64url'), maxAge })
}

const metadata = (summary: string, parameter: string) => ({
  get: {
    summary,
    requestParams: { path: z.object({ [parameter]: z.string() }) },
    responses: evidenceResponses('Metadata', 'application/json', z.looseObject({}), 404),
  },
})

export const jwtVcIssuerPaths = {
  '/.well-known/jwt-vc-issuer/agencies/{code}': metadata('Keys of an SD-JWT VC issuer', 'code'),
  '/vct/{kind}/1': metadata('SD-JWT VC type metadata', 'kind'),
}
