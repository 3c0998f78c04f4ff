import { parseQrText } from '../../core/credential/qr.ts'
import { isCardSerial, parseCardSerial } from '../../core/identity/cardSerial.ts'
import { startOfflineBox } from '../offline/offlineBox.ts'
import { type Html, html } from '../platform/html.ts'
import { newestOnly } from '../platform/newestOnly.ts'
import { byId, text } from '../platform/page.ts'
import { type Camera, startCamera } from '../scan/camera.ts'
import { type Decoder, getDecoder } from '../scan/decoder.ts'
import { readPicture } from '../scan/pictureFile.ts'

let camera: Camera | undefined
/** Set from the moment that the camera is asked for until it is closed. */
let attempt: symbol | undefined
const newSerial = newestOnly()
let started = false

type OpenText = (scanned: string) => Promise<void>
/** Begins a question on a cleared page; the answer tells whether it is still the newest. */
type ClearPage = () => () => boolean

/** Makes the scanner's buttons and forms work; `openText` gets what was read. */
export function startScannerPage(openText: OpenText, clearPage: ClearPage): void {
  if (started) return
  started = true
  for (const element of document.querySelectorAll<HTMLElement>('.js-only')) element.hidden = false
  byId('camera-start').onclick = () => void openCamera(openText)
  byId('camera-stop').onclick = closeCamera
  const photo = byId<HTMLInputElement>('photo')
  photo.onchange = () => void openPicture(photo, openText, clearPage)
  byId('paste-form').onsubmit = event => {
    event.preventDefault()
    // Chat apps and PDFs break the long row of digits.
    const pasted = byId<HTMLTextAreaElement>('paste').value.replace(/\s+/g, '')
    if (!pasted) return say(text('scan.pasteEmpty'))
    void openText(pasted)
  }
  byId('serial-form').onsubmit = event => {
    event.preventDefault()
    void askSerial(byId<HTMLInputElement>('serial').value)
  }
  document.addEventListener('paste', event => {
    const file = [...(event.clipboardData?.files ?? [])].find(each => each.type.startsWith('image/'))
    if (file) void readFile(file, openText, clearPage)
  })
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) closeCamera()
  })
  void startOfflineBox()
  void navigator.permissions?.query({ name: 'camera' as PermissionName }).then(
    state => {
      if (state.state === 'granted') void openCamera(openText)
    },
    () => undefined,
  )
}

async function openCamera(openText: OpenText): Promise<void> {
  if (attempt) return
  const mine = Symbol()
  attempt = mine
  const place = byId('camera-place')
  byId('messages').textContent = ''
  place.innerHTML =
    html`<div class="camera"><video playsinline muted></video><div class="frame"></div><p class="say" role="status">${text('scan.cameraOpening')}</p></div>`.text
  const sayBelow = (line: string) => {
    const below = place.querySelector('.say')
    if (below && below.textContent !== line) below.textContent = line
  }
  const fail = (key: string) => {
    closeCamera()
    say(text(key))
  }
  let ready: Decoder
  try {
    ready = await getDecoder()
  } catch {
    return attempt === mine ? fail('scan.decoderMissing') : undefined
  }
  if (attempt !== mine) return
  const opened = await startCamera({
    video: place.querySelector('video')!,
    decoder: ready,
    onTexts: texts => {
      const scanned = ours(texts)
      if (scanned === null) {
        sayBelow(text('scan.cameraMany'))
        return false
      }
      closeCamera()
      navigator.vibrate?.(40)
      void openText(scanned)
      return true
    },
    onSeen: seen => sayBelow(text(seen ? 'scan.cameraCloser' : 'scan.cameraLooking')),
    onFault: () => fail('scan.decoderMissing'),
  })
  if (attempt !== mine) return typeof opened === 'string' ? undefined : opened.stop()
  if (typeof opened === 'string') {
    return fail({ insecure: 'scan.cameraInsecure', denied: 'scan.cameraDenied', none: 'scan.cameraNone' }[opened])
  }
  camera = opened
  byId('camera-start').hidden = true
  byId('camera-stop').hidden = false
  sayBelow(text('scan.cameraLooking'))
  if (opened.torch) addTorch(place.querySelector('.camera')!, opened.torch)
}

function addTorch(place: Element, torch: (on: boolean) => Promise<void>): void {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'button second torch'
  button.textContent = text('scan.torch')
  button.setAttribute('aria-pressed', 'false')
  button.onclick = async () => {
    const on = button.getAttribute('aria-pressed') !== 'true'
    await torch(on).catch(() => undefined)
    button.setAttribute('aria-pressed', String(on))
  }
  place.append(button)
}

function closeCamera(): void {
  attempt = undefined
  camera?.stop()
  camera = undefined
  byId('camera-place').textContent = ''
  byId('camera-start').hidden = false
  byId('camera-stop').hidden = true
}

async function openPicture(input: HTMLInputElement, openText: OpenText, clearPage: ClearPage): Promise<void> {
  const file = input.files?.[0]
  input.value = ''
  if (file) await readFile(file, openText, clearPage)
}

async function readFile(file: File, openText: OpenText, clearPage: ClearPage): Promise<void> {
  const isNewest = clearPage()
  closeCamera()
  say(text('scan.photoReading'))
  const found = await codeIn(file)
  if (!isNewest()) return
  if ('fault' in found) return say(text(found.fault))
  // It may have been opened while the picture was read.
  closeCamera()
  say('')
  await openText(found.scanned)
}

async function codeIn(file: File): Promise<{ scanned: string } | { fault: string }> {
  const pixels = await readPicture(file)
  if (typeof pixels === 'string') return { fault: pixels === 'heic' ? 'scan.photoHeic' : 'scan.photoBroken' }
  try {
    const { texts } = await (await getDecoder()).read(pixels, 'photo')
    if (texts.length === 0) return { fault: 'scan.photoNone' }
    const scanned = ours(texts)
    return scanned === null ? { fault: 'scan.photoMany' } : { scanned }
  } catch {
    return { fault: 'scan.decoderMissing' }
  }
}

/**
 * Of several codes in one picture the one that is ours: a live or sealed one first, then the short one, else the first. Null
 * when two sealed ones differ: a verdict on one must not be taken for the other's.
 */
export function ours(texts: readonly string[]): string | null {
  const distinct = [...new Set(texts)]
  const of = (...kinds: readonly string[]) => distinct.filter(each => kinds.includes(kindOf(each)))
  const sealed = of('live', 'sealed')
  if (sealed.length > 1) return null
  return sealed[0] ?? of('token')[0] ?? distinct[0]!
}

function kindOf(scanned: string) {
  try {
    return parseQrText(scanned).kind
  } catch {
    return 'broken'
  }
}

/** A code that is not ours, shown and not followed. */
export function foreignHtml(foreign: string): Html {
  return html`<div class="foreign"><h2>${text('scan.foreignHeading')}</h2><p>${text('scan.foreignText')}</p><code>${foreign.slice(0, 500)}</code></div>`
}

async function askSerial(typed: string): Promise<void> {
  const place = byId('serial-result')
  const isNewest = newSerial()
  const answer = (line: string, warn = false) => {
    if (!isNewest()) return
    place.innerHTML = html`<p><strong>${line}</strong></p>${warn && html`<p class="small">${text('scan.serialWarn')}</p>`}`.text
  }
  const serial = typed
    .trim()
    .toUpperCase()
    .replace(/[\s–—]+/g, '-')
  if (!isCardSerial(serial)) return answer(text(/^[A-Z]\d\d-\d\d-\d{7}-[0-9A-Z]$/.test(serial) ? 'scan.serialWrong' : 'scan.serialForm'))
  try {
    const response = await fetch('/api/card-status', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ serial: parseCardSerial(serial) }),
    })
    if (response.status === 429) return answer(text('scan.serialBusy'))
    if (response.status === 404) return answer(text('scan.serialUnknown', { serial }))
    if (!response.ok) return answer(text('scan.serialOffline'))
    const { status, agencyName } = (await response.json()) as { status: string; agencyName: { vi: string; en: string } }
    const keys: Record<string, string> = {
      active: 'scan.serialActive',
      suspended: 'scan.serialSuspended',
      ended: 'scan.serialEnded',
      expired: 'scan.serialExpired',
    }
    answer(text(keys[status]!, { serial, agency: agencyName[document.documentElement.lang === 'en' ? 'en' : 'vi'] }), true)
  } catch {
    answer(text('scan.serialOffline'))
  }
}

function say(line: string): void {
  byId('messages').innerHTML = line ? html`<p class="card">${line}</p>`.text : ''
}
