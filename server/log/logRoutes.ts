import express, { type Request, type Response, Router } from 'express'
import type { Pool } from 'pg'
import { decodeBase64url } from '../../core/encoding/base64url.ts'
import { AppError } from '../../core/errors.ts'
import { hashesAtLevel, parseTilePath, tileWidth } from '../../core/log/tiles.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import { addCosignatures } from './addCosignature.ts'
import { newestCheckpoint, noteWithCosignatures } from './checkpointsTable.ts'
import { knownWitnesses } from './knownWitnesses.ts'
import { proofFor } from './proofFor.ts'
import { readTile } from './readTile.ts'
import { type CheckpointSigner, signCheckpoint } from './signCheckpoint.ts'

const mutable = 'public, max-age=2'
const immutable = 'public, max-age=31536000, immutable'

/** What the log's addresses need. Without a signer nothing is signed on demand. */
export interface LogRoutesDeps extends Partial<CheckpointSigner> {
  readonly pool: Pool
}

/** The public log below `/log` (formats 5, C2SP tlog-tiles): checkpoint, tiles, entry bundles, proofs, and cosignatures of witnesses. */
export function logRoutes(deps: LogRoutesDeps): Router {
  const { pool } = deps
  const router = Router()

  router.use('/log', (_req, res, next) => {
    res.set({ 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin', 'X-Content-Type-Options': 'nosniff' })
    next()
  })

  router.get('/log/checkpoint', async (_req, res) => {
    const checkpoint = (await newestCheckpoint(pool)) ?? (await signed(deps))
    if (!checkpoint) throw new AppError('log.not-found')
    res
      .set('Cache-Control', mutable)
      .type('text/plain; charset=utf-8')
      .send(await noteWithCosignatures(pool, checkpoint))
  })

  router.get('/log/tile/*path', async (req: Request, res: Response) => {
    const tile = parseTilePath(req.path.slice('/log/'.length))
    const size = tile && (await newestCheckpoint(pool))?.treeSize
    // Only what a signed checkpoint covers is served: a longer tile could still be rolled back.
    if (!tile || !size || tile.index * tileWidth + tile.width > hashesAtLevel(tile.level, size)) throw new AppError('log.not-found')
    const bytes = await readTile(pool, tile)
    res.set('Cache-Control', immutable).type('application/octet-stream').send(Buffer.from(bytes))
  })

  router.get('/log/proof', async (req, res) => {
    const { ref, digest, size } = req.query
    const receipt = await proofFor(deps, digest === undefined ? refOf(ref) : digestOf(digest), sizeOf(size))
    if (!receipt) throw new AppError('log.not-found')
    res.set('Cache-Control', mutable).json(receipt)
  })

  router.post('/log/cosignatures/:size', express.text({ type: () => true, limit: '16kb' }), async (req, res) => {
    const size = sizeOf(req.params.size)
    if (size === undefined) throw new AppError('log.not-found')
    const kept = await addCosignatures(
      { pool, witnesses: await knownWitnesses(pool), crypto: nodeCrypto },
      size,
      typeof req.body === 'string' ? req.body : '',
    )
    if (kept === 0) throw new AppError('log.note', 'No cosignature of a known witness on that checkpoint')
    res.set('Cache-Control', 'no-store').status(204).end()
  })

  return router
}

function signed({ pool, logKey, signNote }: LogRoutesDeps) {
  return logKey && signNote ? signCheckpoint({ pool, logKey, signNote }) : null
}

function refOf(text: unknown): Uint8Array {
  const ref = typeof text === 'string' && text.length === 22 ? decodeBase64url(text) : null
  if (!ref) throw new AppError('log.not-found', 'ref is 16 bytes in base64url')
  return ref
}

function digestOf(text: unknown): { digest: string } {
  if (typeof text !== 'string' || !/^[\w-]{43}$/.test(text)) throw new AppError('log.not-found', 'digest is 32 bytes in base64url')
  return { digest: text }
}

function sizeOf(text: unknown): number | undefined {
  if (text === undefined) return undefined
  const size = typeof text === 'string' && /^(0|[1-9][0-9]{0,15})$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(size)) throw new AppError('log.not-found', 'size is a decimal number')
  return size
}
