import { Router } from 'express'
import type { Pool } from 'pg'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import type { FieldCipher } from '../../keys/fieldCipher.ts'
import { shownPhotoOfValidCard } from '../../verification/shownPhotosTable.ts'
import { problems } from '../problemResponses.ts'
import { limitRequests } from '../rateLimits.ts'

export interface PhotosRoutesDeps {
  pool: Pool
  cipher: FieldCipher
}

const prefix = z.string().regex(/^[0-9a-f]{32}$/)

/** `/photos/{field 6, hex}`: the small JPEG of a card that has not ended. Never kept by anyone: gone once the card has ended. */
export function photosRoutes({ pool, cipher }: PhotosRoutesDeps): Router {
  const router = Router()
  router.get('/photos/:prefix', limitRequests({ pool, name: 'photos', limit: 240, seconds: 60 }), async (req, res) => {
    res.set({ 'Cache-Control': 'no-store', 'Cross-Origin-Resource-Policy': 'same-origin' })
    const { success, data } = prefix.safeParse(req.params.prefix)
    const photo = success ? await shownPhotoOfValidCard(pool, Buffer.from(data, 'hex')) : null
    if (!photo) throw new AppError('photo.not-found')
    res.type('image/jpeg').send(cipher.open(photo))
  })
  return router
}

export const photosPaths = {
  '/photos/{prefix}': {
    get: {
      summary: 'The photo that a card names',
      security: [],
      requestParams: { path: z.object({ prefix: prefix.describe('Field 6 of the card in hex: 16 bytes of the SHA-256 of the JPEG') }) },
      responses: {
        200: { description: 'At most 12 kB', content: { 'image/jpeg': { schema: z.string().meta({ format: 'binary' }) } } },
        ...problems(404, 429),
      },
    },
  },
}
