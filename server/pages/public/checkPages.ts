import express, { type Request, type Response, Router } from 'express'
import type { Pool } from 'pg'
import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import type { Report } from '../../../core/verification/report.ts'
import { timeText } from '../../../web/platform/vietnamTime.ts'
import type { AgencyTree } from '../../agencies/agencyTree.ts'
import type { CoveragePart } from '../../agencies/coverage.ts'
import type { VerificationAnswer } from '../../http/createVerificationAnswer.ts'
import { readMultipart } from '../../http/multipart.ts'
import { limitRequests } from '../../http/rateLimits.ts'
import { publicRows, staffRows } from '../../http/routes/resultSheets.ts'
import { askerOf } from '../../http/routes/tokens.ts'
import { type VerificationBody, verificationBody } from '../../http/verificationBody.ts'
import { newestAnchor } from '../../log/anchorsTable.ts'
import { newestCheckpoint } from '../../log/checkpointsTable.ts'
import type { Actor } from '../../staff/actor.ts'
import { holds } from '../../staff/authorize.ts'
import { evenTiming } from '../../verification/evenTiming.ts'
import type { FileVerifier } from '../../verification/fileVerifier.ts'
import { formatNumber } from '../format.ts'
import { type Language, translator } from '../texts.ts'
import { apiGuide } from './apiGuide.ts'
import { createPublicPages, type PublicPageDeps } from './publicPage.ts'
import { quickStart } from './quickStart.ts'
import { type SerialAnswer, serverLookUpHtml, serverResultHtml, serverSerialHtml } from './serverResult.ts'
import { languageOf } from './texts.ts'

export interface CheckPagesDeps extends PublicPageDeps {
  pool: Pool
  agencies: Pick<AgencyTree, 'all'>
  /** Answers a request as POST /api/verifications does. */
  answer: (body: VerificationBody, actor: Actor | null, address: string | undefined) => Promise<VerificationAnswer>
  /** Status and issuer of a card number; null for one that does not exist. */
  cardStatus: (serial: string, asker: string | undefined) => Promise<SerialAnswer | null>
  verifyFile?: FileVerifier
  /** The signed-in holder's valid card, and whether a phone carries it; null for everybody else. */
  ownCard: (actor: Actor) => Promise<{ serial: string; isBound: boolean } | null>
  /** The OpenAPI document. */
  openApi: object
  /** False with CHAIN=none. */
  anchoring: boolean
}

const typedForm = z.object({
  agency: z.string().trim().max(300).default(''),
  soHieu: z.string().trim().max(40).default(''),
  ngaySinh: z.string().trim().max(20).default(''),
  holderName: z.string().trim().max(200).default(''),
  awarded: z.string().trim().max(20).default(''),
})
const maxFile = 30 * 1024 * 1024
const diplomaTexts = ['diploma', 'result', 'scan'] as const

/** The pages that check diplomas, lists and card numbers, also without JavaScript; the log, the documentation and the live card for people. */
export function checkPages(deps: CheckPagesDeps): Router {
  const router = Router()
  const show = createPublicPages(deps)
  const readForm = express.urlencoded({ extended: false, limit: '16kb' })
  const guide = apiGuide(deps.openApi)
  const start = quickStart(deps)
  const agencies = () => deps.agencies.all().map(({ code, nameVi }) => ({ code, name: nameVi }))

  /** What an issuer's register covers, by its code; said when a diploma is not there. */
  const coverage = (lang: Language) =>
    Object.fromEntries(
      deps.agencies
        .all()
        .filter(each => each.coverage.length > 0)
        .map(({ code, nameVi, nameEn, coverage: parts }) => [
          code,
          {
            name: (lang === 'en' ? nameEn : null) ?? nameVi,
            parts: parts.map(part => coverageText(part, translator(lang))).join('; '),
          },
        ]),
    )

  router.post('/v', readForm, async (req, res) => {
    const serial = z
      .object({ serial: z.string().max(40).default('') })
      .parse(req.body)
      .serial.trim()
      .toUpperCase()
    const serialResult = serverSerialHtml(languageOf(req, res), serial, await deps.cardStatus(serial, askerOf(req)))
    res.set('Cache-Control', 'no-store')
    show(req, res, 'verify', {
      title: 'scan.title',
      nav: '/v',
      script: 'verify',
      scriptTexts: ['scan', 'offline', 'result', 'diploma'],
      showForms: true,
      serial,
      serialResult,
    })
  })

  const showDiplomas = (req: Request, res: Response, data: Record<string, unknown> = {}) =>
    show(req, res, 'diplomas', {
      title: 'diploma.title',
      nav: '/diplomas/verify',
      script: 'diplomas',
      scriptTexts: diplomaTexts,
      agencies: agencies(),
      scriptData: { coverage: coverage(languageOf(req, res)) },
      typed: {},
      ...data,
    })

  router.get('/diplomas/verify', (req, res) => showDiplomas(req, res))
  router.post('/diplomas/verify', readForm, async (req, res) => {
    res.set('Cache-Control', 'no-store')
    const lang = languageOf(req, res)
    const typed = typedForm.parse(req.body)
    const given = Object.fromEntries(Object.entries(typed).filter(([, value]) => value !== ''))
    const parsed = verificationBody.safeParse({ ...given, agency: codeOf(typed.agency) })
    if (!parsed.success) {
      const isWhole = typed.agency && typed.soHieu && typed.ngaySinh
      return showDiplomas(req, res, { typed, typedError: translator(lang)(isWhole ? 'diploma.typedWrong' : 'diploma.needThree') })
    }
    const found = await evenTiming(() => orMiss(() => deps.answer(parsed.data, req.actor, req.ip)))
    const covered = found === 'absent' ? coverage(lang)[codeOf(typed.agency)] : undefined
    showDiplomas(req, res, { typed, serverOutcome: serverLookUpHtml(lang, typed.soHieu, found, covered) })
  })
  router.post('/diplomas/verify/file', limitRequests({ pool: deps.pool, name: 'files', limit: 30, seconds: 60 }), async (req, res) => {
    res.set('Cache-Control', 'no-store')
    const lang = languageOf(req, res)
    const form = await readMultipart(req, { fileBytes: maxFile, files: 1 })
    try {
      const [file] = [...form.files.values()].flat()
      const report: Report | null = file && deps.verifyFile ? await deps.verifyFile(await file.read(), 'standard') : null
      const serverOutcome = report ? serverResultHtml(lang, report, 'diploma') : serverLookUpHtml(lang, file?.name ?? '', 'absent')
      showDiplomas(req, res, { serverOutcome })
    } finally {
      await form.discard()
    }
  })
  router.get('/diplomas/verify/list', (req, res) => {
    const isChecker = holds(req.actor, 'verify.full')
    show(req, res, 'list', {
      title: 'list.title',
      nav: '/diplomas/verify',
      script: 'diplomaList',
      scriptTexts: ['list', ...diplomaTexts],
      scriptData: { isChecker, rowLimit: isChecker ? staffRows : publicRows },
    })
  })
  router.get('/diplomas/verify/list/template.csv', (_req, res) => {
    res.attachment('mau-kiem-tra-van-bang.csv').type('text/csv; charset=utf-8').send(template)
  })

  router.get('/log', async (req, res) =>
    show(req, res, 'log', { title: 'log.title', nav: '/log', script: 'page', log: await logOf(languageOf(req, res)) }),
  )
  router.get('/docs', (req, res) => show(req, res, 'docs', { title: 'docs.title', script: 'page', groups: guide, start }))
  router.get('/live-card', async (req, res) => {
    res.set('Cache-Control', 'no-store')
    const own = req.actor && (await deps.ownCard(req.actor))
    const data = { boundElsewhere: own?.isBound ?? false, scriptData: { serial: own?.serial ?? null } }
    show(req, res, 'live', { title: 'live.title', script: 'holder', scriptTexts: ['live'], ...data })
  })

  return router

  async function logOf(lang: 'vi' | 'en') {
    const checkpoint = await newestCheckpoint(deps.pool)
    if (!checkpoint) return null
    const anchor = await newestAnchor(deps.pool)
    return {
      sizeText: formatNumber(checkpoint.treeSize, lang),
      signedAt: timeText(checkpoint.signedAt.getTime() / 1000),
      rootHash: checkpoint.rootHash.toString('hex'),
      origin: checkpoint.note.split('\n', 1)[0],
      anchoring: deps.anchoring,
      anchor: anchor && {
        size: formatNumber(anchor.treeSize, lang),
        time: timeText(anchor.time),
        tx: anchor.transaction,
        contract: anchor.contract,
        chainId: anchor.chainId,
      },
    }
  }

  /** The code in "Bộ Giáo dục (G03)", of a listed name, or what was typed. */
  function codeOf(typed: string): string {
    const inside = /\(([0-9A-Z.]+)\)\s*$/.exec(typed)?.[1]
    return (
      inside ?? agencies().find(each => each.name.toLocaleLowerCase('vi') === typed.toLocaleLowerCase('vi'))?.code ?? typed.toUpperCase()
    )
  }
}

/** One part of what a register covers, in words: a kind of diploma and the years of award. */
function coverageText({ title, from, to }: CoveragePart, text: ReturnType<typeof translator>): string {
  if (from === undefined) return title
  return to === undefined ? text('diploma.coverageSince', { title, from: String(from) }) : `${title} ${from}–${to}`
}

const template = `\ufeffho_ten,ma_don_vi,so_hieu,ngay_sinh,ngay_cap,tep\r\nNguyễn Văn Mẫu,G03,CC-2024/0001,31/03/1990,20/11/2024,\r\n`

async function orMiss(answer: () => Promise<VerificationAnswer>): Promise<VerificationAnswer | 'absent' | 'limited'> {
  try {
    return await answer()
  } catch (error) {
    if (error instanceof AppError && error.code === 'verification.not-found') return 'absent'
    if (error instanceof AppError && error.code === 'limit.lookups') return 'limited'
    throw error
  }
}
