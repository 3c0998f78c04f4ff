import { X509Certificate } from 'node:crypto'
import { type RequestHandler, Router } from 'express'
import type { PdfSignature } from '../core/pdf/signatureFields.ts'
import type { DocumentSignature } from '../core/verification/evidence.ts'
import { cardsOfOfficer } from './cards/cardsTable.ts'
import { createVerificationAnswer } from './http/createVerificationAnswer.ts'
import { idempotency } from './http/idempotency.ts'
import { methodNotAllowed } from './http/methodNotAllowed.ts'
import { openApiDocument } from './http/openapi.ts'
import { registeredDiplomas } from './http/registeredDiplomas.ts'
import { diplomaLookupRoutes } from './http/routes/diplomaLookup.ts'
import { isBound, liveCardsRoutes } from './http/routes/liveCards.ts'
import { openApiRoutes } from './http/routes/openapi.ts'
import { photosRoutes } from './http/routes/photos.ts'
import { resultSheetsRoutes } from './http/routes/resultSheets.ts'
import { cardStatus, tokensRoutes } from './http/routes/tokens.ts'
import { verificationRoutes } from './http/routes/verifications.ts'
import { webhookKeysRoutes, webhooksRoutes } from './http/routes/webhooks.ts'
import { createSealedByToken } from './http/sealedByToken.ts'
import type { Installation } from './installation.ts'
import type { Task } from './jobs/worker.ts'
import { verifyCms } from './keys/verifyCms.ts'
import { bindingOfCard } from './live-cards/liveCardsTable.ts'
import { newestCheckpoint } from './log/checkpointsTable.ts'
import { proofFor } from './log/proofFor.ts'
import type { WebAssets } from './pages/buildWeb.ts'
import { checkPages } from './pages/public/checkPages.ts'
import { publicRoutes } from './pages/public/publicRoutes.ts'
import { serviceKey } from './service-keys/serviceKey.ts'
import { holds } from './staff/authorize.ts'
import { requireCaller } from './staff/requireCaller.ts'
import type { Verifier } from './verification/createVerifier.ts'
import { createFileVerifier } from './verification/fileVerifier.ts'
import { webhookCrontab, webhookTasks } from './webhooks/webhookTasks.ts'

/** What anyone may use, as `buildApp` mounts it. */
export interface PublicParts {
  /** Before authentication. */
  publicRoutes: readonly Router[]
  /** After authentication, before the JSON body is read. */
  streamRoutes: readonly Router[]
  /** Right after the JSON body is read, before every route below /api. */
  idempotency: RequestHandler
  /** Below /api, with the JSON body read. */
  apiRoutes: readonly Router[]
  pages: readonly Router[]
}

/** Puts the public side together: verification, look-ups, live cards, webhooks, and the pages for people. */
export async function composePublic(
  installation: Installation,
  options: { assets: WebAssets; verifier: Verifier; trustRoot: string; demonstration: boolean },
): Promise<PublicParts> {
  const { pool, cipher, agencies, origin, clock, config } = installation
  const { verifier, trustRoot, assets, demonstration } = options
  const [webhookKey, sheetKey] = await Promise.all([serviceKey({ pool, cipher }, 'webhook'), serviceKey({ pool, cipher }, 'result-sheet')])
  const registered = registeredDiplomas(pool, cipher)
  const sealedByToken = createSealedByToken({ pool, cipher, clock })
  const verifyFile = createFileVerifier({
    verify: verifier.verify,
    sealedByDocument: async digest => (await registered.byDocument(digest))?.sealed ?? null,
    sealedByToken,
    verifySignature,
  })
  const verification = { pool, cipher, verifier, sealedByToken, verifyFile, isBound: isBound({ pool }), agencies, publicUrl: origin, clock }
  const openApi = openApiDocument(origin)
  const wrongMethod = methodNotAllowed(openApi)
  const page = { publicUrl: origin, trustRoot, assets, demonstration }
  const logState = async () => {
    const checkpoint = await newestCheckpoint(pool)
    return checkpoint && { size: checkpoint.treeSize, rootHash: checkpoint.rootHash.toString('base64url') }
  }
  return {
    publicRoutes: [
      webhookKeysRoutes({ key: webhookKey }),
      openApiRoutes({ publicUrl: origin }),
      publicRoutes({ ...page, clock, sealedByToken, verifySealed: sealed => verifier.verify({ sealed }) }),
    ],
    streamRoutes: [
      verificationRoutes(verification), // the most called one
      photosRoutes({ pool, cipher }),
      tokensRoutes({ pool, cipher, agencies, clock, sealedByToken }),
      diplomaLookupRoutes({ ...verification, proofFor: ref => proofFor(installation, ref) }),
      resultSheetsRoutes({ ...verification, key: sheetKey, logState }),
    ],
    idempotency: idempotency({ pool, cipher }),
    apiRoutes: [
      liveCardsRoutes({ ...installation, publicUrl: origin }),
      // Of what is public too, a wrong method is told to everybody.
      Router().use((req, res, next) => (req.actor ? next() : wrongMethod(req, res, next))),
      // All that follows below /api is for callers who are known.
      Router().use('/api', requireCaller),
      webhooksRoutes({ pool, agencies, allowPrivate: config.WEBHOOK_ALLOW_PRIVATE, key: webhookKey }),
    ],
    pages: [
      checkPages({
        ...page,
        pool,
        agencies,
        answer: createVerificationAnswer(verification),
        cardStatus: (serial, asker) => cardStatus({ pool, cipher, agencies, clock }, serial, asker),
        verifyFile,
        ownCard: async actor => {
          const cards = actor.officerId && holds(actor, 'own.card') ? await cardsOfOfficer(pool, actor.officerId) : []
          const card = cards.find(each => each.endedAs === null && each.status === 0)
          return card ? { serial: card.serial, isBound: (await bindingOfCard(pool, card.ref)) !== null } : null
        },
        openApi,
        anchoring: config.CHAIN !== 'none',
      }),
      Router().use(wrongMethod),
    ],
  }
}

/** The jobs of the public side: webhooks. Their key is had at the first run. */
export function composePublicTasks(installation: Installation): { tasks: Record<string, Task>; crontab: string } {
  const { pool, cipher, agencies, clock, config } = installation
  const deps = serviceKey({ pool, cipher }, 'webhook').then(key => ({
    pool,
    agencies,
    clock,
    key,
    allowPrivate: config.WEBHOOK_ALLOW_PRIVATE,
  }))
  const run = (name: string) => async (payload: unknown) => webhookTasks(await deps)[name]!(payload)
  deps.catch(() => undefined)
  return { tasks: { 'webhooks:run': run('webhooks:run'), 'webhooks:clean': run('webhooks:clean') }, crontab: webhookCrontab }
}

/** A PDF's signature verified with node:crypto, as `core` takes it. */
function verifySignature(field: PdfSignature): DocumentSignature {
  const { verified, certificate, timestamp } = verifyCms(field.cms, field.signedParts)
  const from = certificate ? Date.parse(new X509Certificate(certificate).validFrom) / 1000 : 0
  return {
    verified: verified && field.range !== 'odd',
    wholeFile: field.range === 'whole',
    certificate: certificate ?? new Uint8Array(0),
    signedAt: timestamp?.at ?? field.claimedAt ?? from,
  }
}
