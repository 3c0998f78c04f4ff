import type { Response } from 'express'
import { AppError } from '../../../core/errors.ts'
import { findOwnDiploma, ownDiplomas } from '../../diplomas/ownDiplomas.ts'
import { holderKeyOfProof } from '../../sd-jwt/holderKeyOfProof.ts'
import { issueCardSdJwt } from '../../sd-jwt/issueCardSdJwt.ts'
import { issueDiplomaSdJwt } from '../../sd-jwt/issueDiplomaSdJwt.ts'
import type { SdJwtDeps } from '../../sd-jwt/issueSdJwtVc.ts'
import { render } from '../render.ts'
import type { Translate } from '../texts.ts'
import type { Fault } from './diplomaForm.ts'
import { refOfPath } from './diplomaOfPath.ts'
import { type ConsoleRouter, consoleRouter, fieldsOf, type PageDeps } from './routes.ts'
import { problemKey } from './shell.ts'

export type OwnDiplomaPagesDeps = PageDeps & SdJwtDeps

/** A person's own diplomas, and putting one, or their card, into a wallet. */
export function ownDiplomaPages(deps: OwnDiplomaPagesDeps): ConsoleRouter {
  const pages = consoleRouter(deps)

  pages.get('/me/diplomas', 'own.diplomas', async (_req, res, actor) => {
    render(res, 'console/me-diplomas', { diplomas: await ownDiplomas(deps, actor) })
  })

  pages.get('/me/diplomas/:ref/wallet', 'own.diplomas', async (req, res, actor) => {
    const diploma = await findOwnDiploma(deps, actor, refOfPath(req))
    if (diploma.endedAs !== null) throw new AppError('diploma.ended.conflict')
    showWallet(res, { back: '/console/me/diplomas', title: diploma.title })
  })

  pages.post('/me/diplomas/:ref/wallet', 'own.diplomas', async (req, res, actor) => {
    const diploma = await findOwnDiploma(deps, actor, refOfPath(req))
    await give(res, fieldsOf(req).proof ?? '', { back: '/console/me/diplomas', title: diploma.title }, holderKey =>
      issueDiplomaSdJwt(deps, { ref: diploma.ref, personIndex: actor.personIndex!, holderKey }, actor),
    )
  })

  pages.get('/me/wallet', 'own.card', (_req, res) => showWallet(res, { back: '/console/me' }))

  pages.post('/me/wallet', 'own.card', async (req, res, actor) => {
    const { officerId } = actor
    if (!officerId) throw new AppError('sd-jwt.no-card.not-found')
    await give(res, fieldsOf(req).proof ?? '', { back: '/console/me' }, holderKey => issueCardSdJwt(deps, { officerId, holderKey }, actor))
  })

  const showWallet = (res: Response, page: WalletPage, values: Record<string, string> = {}, errors: readonly Fault[] = []) =>
    render(res, 'console/me-wallet', { title: null, ...page, audience: deps.publicUrl, values, errors })

  /** Sends what `issue` makes for the key of a wallet's proof, as a file. */
  const give = async (
    res: Response,
    proof: string,
    page: WalletPage,
    issue: (holderKey: Awaited<ReturnType<typeof holderKeyOfProof>>) => Promise<string>,
  ) => {
    try {
      const credential = await issue(await holderKeyOfProof(proof.slice(0, 4096), deps.publicUrl, deps.clock()))
      res.set('Content-Disposition', 'attachment; filename="vi-dien-tu.sd-jwt"').type('application/dc+sd-jwt').send(credential)
    } catch (error) {
      if (!(error instanceof AppError) || !['sd-jwt.holder-key', 'diploma.ended.conflict', 'key.none'].includes(error.code)) throw error
      const t = res.locals.t as Translate
      showWallet(res.status(422), page, { proof }, [{ field: 'proof', text: t(problemKey(error.code), { detail: error.detail }) }])
    }
  }

  return pages
}

interface WalletPage {
  back: string
  title?: string
}
