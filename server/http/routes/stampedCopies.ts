import { Router } from 'express'
import { z } from 'zod'
import { encodeBase64url } from '../../../core/encoding/base64url.ts'
import { AppError } from '../../../core/errors.ts'
import type { AgencyTree } from '../../agencies/agencyTree.ts'
import { recordAudit } from '../../audit/auditTable.ts'
import type { DiplomaDeps } from '../../diplomas/requestDiplomas.ts'
import { type StampDeps, stampDiploma } from '../../diplomas/stampDiploma.ts'
import { findDiploma, refParameter } from '../findDiploma.ts'
import { readMultipart } from '../multipart.ts'
import { problems } from '../problemResponses.ts'

const fileLimits = { fileBytes: 60 * 1024 * 1024, files: 1 }

export type StampedCopiesDeps = Pick<DiplomaDeps, 'pool' | 'cipher'> & StampDeps & { agencies: AgencyTree }

/** POST /api/diplomas/{ref}/stamped-copy: the registered file with a page that attests it. It reads its own body. */
export function stampedCopiesRoute(deps: StampedCopiesDeps): Router {
  const router = Router()
  router.post('/api/diplomas/:ref/stamped-copy', async (req, res) => {
    const diploma = await findDiploma(deps, req, 'diplomas.read')
    const form = await readMultipart(req, fileLimits)
    try {
      const file = form.files.get('file')?.[0]
      if (!file) throw new AppError('http.invalid', 'The form has no file named "file"')
      const copy = await stampDiploma(deps, diploma, await file.read())
      await recordAudit(deps.pool, {
        actor: req.actor!,
        action: 'diploma.stamped',
        agency: diploma.issuerCode,
        subject: `diploma:${encodeBase64url(diploma.ref)}`,
      })
      const filename = `ban-sao-${encodeBase64url(diploma.ref).slice(0, 8)}.pdf`
      res.type('application/pdf').set('Content-Disposition', `attachment; filename="${filename}"`).send(Buffer.from(copy))
    } finally {
      await form.discard()
    }
  })
  return router
}

const binary = z.string().meta({ format: 'binary' })

export const stampedCopiesPaths = {
  '/api/diplomas/{ref}/stamped-copy': {
    post: {
      summary: 'The registered file with a page that attests it, as a new PDF; for no other file',
      requestParams: { path: refParameter },
      requestBody: { required: true, content: { 'multipart/form-data': { schema: z.object({ file: binary }) } } },
      responses: { 200: { description: 'The copy', content: { 'application/pdf': { schema: binary } } }, ...problems(404, 409, 422) },
    },
  },
}
