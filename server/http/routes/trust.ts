import { hash } from 'node:crypto'
import { Router } from 'express'
import type pg from 'pg'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import { readEndorsement } from '../../keys/keysTable.ts'
import { type ServedTrust, servedTrust } from '../../trust/servedTrust.ts'
import { evidenceResponses } from '../evidenceResponses.ts'
import { openToAll } from '../openToAll.ts'
import { sendEvidence } from '../sendEvidence.ts'

export interface TrustRoutesDeps {
  pool: pg.Pool
}

const list = { type: 'application/trust-list+jwt', maxAge: 300 }
const root = { type: 'application/jose+json' }

/** Root documents, trust slices, the index, endorsements and the agency authority's certificate, below `/.well-known/antin` (formats 4). */
export function trustRoutes({ pool }: TrustRoutesDeps): Router {
  const trust = servedTrust(pool)
  const router = Router()

  router.use('/.well-known/antin', openToAll)
  router.get('/.well-known/antin/root', async (req, res) => {
    sendEvidence(req, res, { ...root, maxAge: 300, ...(await tagged(trust, 'root')) })
  })
  router.get('/.well-known/antin/root/:epoch', async (req, res) => {
    sendEvidence(req, res, { ...root, ...(await tagged(trust, `root/${req.params.epoch}`)) })
  })
  router.get('/.well-known/antin/trust-list', async (req, res) => {
    sendEvidence(req, res, { ...list, ...(await tagged(trust, 'trust-list')) })
  })
  router.get('/.well-known/antin/trust/:code', async (req, res) => {
    sendEvidence(req, res, { ...list, ...(await tagged(trust, `trust/${req.params.code}`)) })
  })
  router.get('/.well-known/antin/agency-ca', async (req, res) => {
    sendEvidence(req, res, { type: 'application/x-pem-file', maxAge: 3600, ...(await tagged(trust, 'agency-ca')) })
  })
  // By the SHA-256 of the payload in hex, which the slice gives in b64u.
  router.get('/.well-known/antin/endorsements/:digest', async (req, res) => {
    const { digest } = req.params
    const jws = /^[0-9a-f]{64}$/.test(digest) ? await readEndorsement(pool, Buffer.from(digest, 'hex')) : undefined
    if (jws === undefined) throw new AppError('trust.not-found')
    sendEvidence(req, res, { type: 'application/endorsement+jwt', maxAge: 3600, body: jws, tag: hash('sha256', jws, 'base64url') })
  })

  return router
}

async function tagged(trust: ServedTrust, path: string): Promise<{ body: string; tag: string }> {
  const document = /^[\w./-]{1,60}$/.test(path) ? await trust.read(path) : undefined
  if (!document) throw new AppError('trust.not-found')
  return { body: document.body, tag: document.digest.toString('base64url') }
}

const signed = (summary: string, type: string, parameter?: string) => ({
  get: {
    summary,
    ...(parameter ? { requestParams: { path: z.object({ [parameter]: z.string() }) } } : {}),
    responses: evidenceResponses('Signed; any origin may read it', type, z.string(), 404),
  },
})

export const trustPaths = {
  '/.well-known/antin/root': signed('The newest root document', root.type),
  '/.well-known/antin/root/{n}': signed('The root document of an epoch; never changes', root.type, 'n'),
  '/.well-known/antin/trust-list': signed('The trust index', list.type),
  '/.well-known/antin/trust/{code}': signed('The trust slice of an agency', list.type, 'code'),
  '/.well-known/antin/agency-ca': signed('Certificate of the authority that certifies agency keys, PEM', 'application/x-pem-file'),
  '/.well-known/antin/endorsements/{sha256}': signed('An endorsement by a state certificate', 'application/endorsement+jwt', 'sha256'),
}
