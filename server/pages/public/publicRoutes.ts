import express, { type Request, type Router } from 'express'
import { decodeBase64url, encodeBase64url } from '../../../core/encoding/base64url.ts'
import { AppError } from '../../../core/errors.ts'
import type { Report } from '../../../core/verification/report.ts'
import type { SealedByToken } from '../../http/sealedByToken.ts'
import { type WebAssets, webPath } from '../buildWeb.ts'
import { createPublicPages } from './publicPage.ts'
import { sendCompressed, sendFile } from './sendCompressed.ts'
import { serverResultHtml } from './serverResult.ts'
import { languageOf } from './texts.ts'

export interface PublicRoutesDeps {
  publicUrl: string
  /** Lowercase hex SHA-256 of root 1's payload. */
  trustRoot: string
  assets: WebAssets
  demonstration: boolean
  /** Seconds. */
  clock: () => number
  sealedByToken: SealedByToken
  verifySealed: (sealed: Uint8Array) => Promise<Report>
}

const year = 31_536_000
const scriptTexts = ['scan', 'offline', 'result', 'diploma'] as const

/** The pages that anyone may open: home, scanner and results, and the files they need. Mounted before any session. */
export function publicRoutes(deps: PublicRoutesDeps): Router {
  const router = express.Router()
  const show = createPublicPages(deps)

  router.get(`${webPath}:file`, (req, res) => {
    const file = deps.assets.file(req.params.file)
    if (!file) throw new AppError('http.not-found')
    res.set('Cache-Control', `public, max-age=${year}, immutable`).set('Cross-Origin-Resource-Policy', 'same-origin')
    // A worker has the policy of its own file: the decoder is the only place where WebAssembly may run.
    if (req.params.file.startsWith('scanWorker-')) {
      res.set('Content-Security-Policy', "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'")
    }
    sendFile(req, res, file)
  })
  router.get('/sw.js', (req, res) => {
    res.set('Cache-Control', 'no-cache').set('Content-Security-Policy', "default-src 'none'; connect-src 'self'; script-src 'self'")
    sendFile(req, res, deps.assets.serviceWorker)
  })
  router.get('/icon.svg', (req, res) => {
    res.set('Cache-Control', 'public, max-age=86400')
    sendCompressed(req, res, 'image/svg+xml', seal)
  })
  router.get('/manifest.webmanifest', (req, res) => {
    const lang = languageOf(req, res)
    res.set('Cache-Control', 'public, max-age=86400').vary('Accept-Language').vary('Cookie')
    sendCompressed(req, res, 'application/manifest+json', JSON.stringify(manifest(lang)))
  })

  router.get('/', (req, res) => show(req, res, 'home', { title: 'home.title', script: 'page' }))
  router.get(['/v', '/l'], (req, res) =>
    show(req, res, 'verify', { title: 'scan.title', nav: '/v', script: 'verify', scriptTexts, showForms: true }),
  )
  router.get('/t/:token', async (req, res) => {
    const sealed = await sealedOf(req, deps)
    res.set('Cache-Control', 'no-store')
    const serverResult = sealed && (await deps.verifySealed(sealed))
    show(req, res, 'verify', {
      title: 'scan.resultTitle',
      nav: '/v',
      script: 'verify',
      scriptTexts,
      scriptData: { token: req.params.token, credential: sealed && encodeBase64url(sealed) },
      serverResult: serverResultHtml(languageOf(req, res), serverResult),
    })
  })
  return router
}

/** The card of the token in the path; a path that is no token is answered like an unknown one. */
async function sealedOf(req: Request<{ token: string }>, deps: PublicRoutesDeps): Promise<Uint8Array | null> {
  let token: Uint8Array
  try {
    token = decodeBase64url(req.params.token)
  } catch {
    return null
  }
  return token.length === 16 ? deps.sealedByToken(token, req.ip) : null
}

const seal =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect x="3" y="3" width="58" height="58" rx="11" fill="#8b1a1a" stroke="#e3c04d" stroke-width="4"/><rect x="11" y="11" width="42" height="42" rx="5" fill="none" stroke="#e3c04d" stroke-width="2"/><path d="M19 33l9 9 18-20" fill="none" stroke="#fff" stroke-width="6" stroke-linecap="round" stroke-linejoin="round"/></svg>'

function manifest(lang: 'vi' | 'en') {
  return {
    name: lang === 'vi' ? 'Ấn Tín: kiểm tra thẻ' : 'Ấn Tín: check cards',
    short_name: 'Ấn Tín',
    lang,
    start_url: '/v',
    scope: '/',
    display: 'standalone',
    background_color: '#faf8f5',
    theme_color: '#8b1a1a',
    icons: [{ src: '/icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' }],
  }
}
