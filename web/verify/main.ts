import { parseQrText, type QrContent } from '../../core/credential/qr.ts'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { canVerifyHere } from '../evidence/browserCrypto.ts'
import { html } from '../platform/html.ts'
import { newestOnly } from '../platform/newestOnly.ts'
import { byId, page, text } from '../platform/page.ts'
import '../platform/pageMain.ts'
import { parseLive } from '../../core/credential/live.ts'
import { decodeBase64url } from '../../core/encoding/base64url.ts'
import { loadSentences } from '../result/sentences.ts'
import { askServer, type Checked, checkCredential, forgetEvidence, resolveToken } from './checkCredential.ts'
import { anotherButton, putResult, type ShowOptions, showBand, showResult } from './showResult.ts'

/** The page of /v, /t/TOKEN and /l: shows the result of the code in the address, or the scanner when there is none. */
async function main(): Promise<void> {
  const address = takeAddress()
  await loadSentences(page().lang)
  if (address) await openText(address)
  else if (page().token !== undefined) await openToken(String(page().token), page().credential as string | null | undefined)
  else await showScanner()
}

/**
 * The scanned link, taken out of the address bar and the history, where the next person at this phone would find it. A short
 * link brings its card along, unless the page was kept for use without a network.
 */
function takeAddress(): string | null {
  const { pathname, hash, origin } = location
  if (pathname.startsWith('/t/')) {
    history.replaceState(null, '', '/v')
    return page().token === undefined ? `${origin}${pathname}` : null
  }
  // Chat apps take the dot after a link into it.
  const digits = /^#[0-9]+/.exec(hash)?.[0]
  if (digits === undefined) return null
  history.replaceState(null, '', pathname)
  return `${origin}${pathname}${digits}`
}

/** Begins a new question of the reader. */
const newQuestion = newestOnly()

/** What is done with any text: from a camera, a picture, the clipboard or the address. Never follows it. */
export async function openText(scanned: string): Promise<void> {
  if (/^\s*eyJ[\w-]*\.[\w-]*\.[\w-]*~/.test(scanned)) return openSdJwt(scanned.trim())
  let content: QrContent
  try {
    content = parseQrText(scanned)
  } catch {
    newQuestion()
    hideScanner()
    return showBand('bad', text('result.notOurs'), text('result.unreadable'), '', undefined, showScannerAgain)
  }
  if (content.kind === 'foreign') return showForeign(content.text)
  hideScanner()
  if (content.kind === 'token') return openToken(encodeBase64url(content.token), undefined, foreignHost(content.host))
  await openSealed(content.bytes, content.kind, foreignHost(content.host))
}

/** What a wallet showed. A browser that hides its cryptography cannot check it. */
async function openSdJwt(given: string): Promise<void> {
  if (!canVerifyHere()) return showBand('unsure', text('result.undetermined'), text('result.sdJwtNotHere'), '', undefined, showScannerAgain)
  const isNewest = newQuestion()
  hideScanner()
  showBand('waiting', text('result.checking'))
  const module = await import('./sdJwtHtml.ts').catch(() => null)
  if (!isNewest()) return
  if (module === null) return showNothingHere(() => void openSdJwt(given))
  const result = await module.sdJwtHtml(given, html`<div class="buttons">${anotherButton()}</div>`)
  if (isNewest()) putResult(result, { another: showScannerAgain })
}

async function openSealed(bytes: Uint8Array, source: 'sealed' | 'live' | 'token', foreign?: string): Promise<void> {
  const isNewest = newQuestion()
  let input: { sealed: Uint8Array; live?: Uint8Array } = { sealed: bytes }
  if (source === 'live') {
    try {
      input = { sealed: parseLive(bytes).sealedBytes, live: bytes }
    } catch {
      return showBand('bad', text('result.invalid'), text('result.unreadable'), '', undefined, showScannerAgain)
    }
  }
  showBand('waiting', text('result.checking'))
  const options: ShowOptions = {
    photo: 'pending',
    checkedBy: 'browser',
    source,
    foreignHost: foreign,
    again: () => void forgetEvidence().then(() => openSealed(bytes, source, foreign)),
    another: showScannerAgain,
  }
  const onReport = (checked: Checked) => {
    if (isNewest()) showResult(checked, options)
  }
  const checked = canVerifyHere() ? await checkHere(input, onReport) : await askForReport(input)
  if (!isNewest()) return
  if (checked === null) return showNothingHere(options.again)
  showResult(checked, { ...options, photo: checked.photo ? 'shown' : 'unavailable', checkedBy: canVerifyHere() ? 'browser' : 'server' })
}

/** No verdict, because neither the server nor what this phone keeps could be had. */
function showNothingHere(again: () => void): void {
  showBand('unsure', text('result.undetermined'), text('result.offlineNothing'), text('result.offlineAdvice'), again, showScannerAgain)
}

function checkHere(input: { sealed: Uint8Array; live?: Uint8Array }, onReport: (checked: Checked) => void): Promise<Checked> {
  const { trustRoot, publicUrl } = page()
  const facts = { trustRoot, host: new URL(publicUrl).host, now: Math.floor(Date.now() / 1000) }
  return checkCredential(input, facts, onReport)
}

async function askForReport(input: { sealed: Uint8Array }): Promise<Checked | null> {
  const report = await askServer({ credential: encodeBase64url(input.sealed) })
  return report && { report, offline: false, photo: null }
}

async function openToken(token: string, known?: string | null, foreign?: string): Promise<void> {
  const isNewest = newQuestion()
  showBand('waiting', text('result.checking'))
  const found = known === undefined ? await resolveToken(token) : known === null ? null : decodeBase64url(known)
  if (!isNewest()) return
  if (found === 'unreachable') {
    const retry = () => void openToken(token, undefined, foreign)
    return showBand(
      'unsure',
      text('result.undetermined'),
      text('result.tokenOffline'),
      text('result.tokenOfflineAdvice'),
      retry,
      showScannerAgain,
    )
  }
  if (found === null)
    return showBand(
      'bad',
      text('result.invalid'),
      text('result.unknownToken'),
      text('result.unknownTokenText'),
      undefined,
      showScannerAgain,
    )
  await openSealed(found, 'token', foreign)
}

/** The host that a scanned link names, when it is not ours; it never changes the verdict, but the reader is told. */
function foreignHost(host: string | undefined): string | undefined {
  return host === undefined || host === new URL(page().publicUrl).host || host === location.host ? undefined : host
}

/** Puts the scanner in place of any result once its buttons and forms work; true unless something newer was asked meanwhile. */
async function showScanner(): Promise<boolean> {
  const isNewest = newQuestion()
  const scanner = await import('./scannerPage.ts').catch(() => null)
  if (!isNewest()) return false
  clearPage()
  if (scanner) scanner.startScannerPage(openText, clearPage)
  else byId('messages').textContent = text('scan.decoderMissing')
  return scanner !== null
}

/** Puts the scanner in place of any result, for a question that is still to be read. */
function clearPage(): () => boolean {
  byId('app').hidden = true
  byId('app').textContent = ''
  byId('scanner').hidden = false
  byId('other-ways').hidden = false
  document.title = `${text('scan.title')} · Ấn Tín`
  return newQuestion()
}

function showScannerAgain(): void {
  if (location.pathname !== '/v') history.replaceState(null, '', '/v')
  void showScanner().then(shown => {
    if (shown) byId('camera-start').click()
  })
}

function hideScanner(): void {
  byId('scanner').hidden = true
  byId('other-ways').hidden = true
  byId('messages').textContent = ''
}

async function showForeign(foreign: string): Promise<void> {
  if (!(await showScanner())) return
  const { foreignHtml } = await import('./scannerPage.ts')
  byId('messages').innerHTML = foreignHtml(foreign).text
}

window.addEventListener('hashchange', () => {
  const address = takeAddress()
  if (address) void openText(address)
})
void main()
