import '../platform/pageMain.ts'
import { toLowS } from '../../core/cose/lowS.ts'
import { encodeLive, liveMessage } from '../../core/credential/live.ts'
import { liveUrl, qrSegments } from '../../core/credential/qr.ts'
import { decodeBase64url, encodeBase64url } from '../../core/encoding/base64url.ts'
import { bindingProofMessage, unbindingProofMessage } from '../../core/live/bindingProof.ts'
import { jwkThumbprint } from '../../core/trust/jwkThumbprint.ts'
import { browserCrypto, canVerifyHere } from '../evidence/browserCrypto.ts'
import { html } from '../platform/html.ts'
import { byId, page, text } from '../platform/page.ts'
import { dayText } from '../platform/vietnamTime.ts'
import { type BoundPhone, forgetPhone, keepPhone, makePhoneKey, readPhone, signWith } from './phoneKey.ts'
import { qrMarkup } from './qrMarkup.ts'

const period = 10
const host = new URL(page().publicUrl).host
const seconds = () => Math.floor(Date.now() / 1000)

/** The live card of the holder's phone: binds it with the link that was opened, then shows a code that changes every ten seconds. */
async function start(): Promise<void> {
  const link = /^#([\w-]{22})$/.exec(location.hash)?.[1]
  if (location.hash) history.replaceState(null, '', location.pathname)
  if (!canVerifyHere() || !('indexedDB' in window)) return say(text('live.unsupported'))
  let phone: BoundPhone | undefined
  try {
    phone = await readPhone()
  } catch {
    return say(text('live.unsupported'))
  }
  if (link) return offerBinding(link)
  if (!phone && page().serial) return offerLink(String(page().serial))
  if (!phone) {
    say(text('live.none'))
    byId('live-none').hidden = false
    return
  }
  if (phone.expiresAt <= seconds()) return say(text('live.expired'))
  await show(phone)
}

/** The signed-in holder takes the card to a phone: this page makes the link, the phone opens it. */
function offerLink(serial: string): void {
  byId('live-link').hidden = false
  const button = byId<HTMLButtonElement>('make-link')
  button.onclick = async () => {
    button.disabled = true
    const response = await post(`/api/cards/${serial}/live-links`, {}).catch(() => null)
    button.disabled = false
    if (!response?.ok) return say(text('live.linkFailed'))
    const { url } = (await response.json()) as { url: string }
    say('')
    byId('link-code').innerHTML = qrMarkup(qrSegments(url)).text
    byId('link-shown').hidden = false
    byId('link-here').onclick = () => {
      byId('live-link').hidden = true
      offerBinding(url.split('#')[1]!)
    }
  }
}

function offerBinding(link: string): void {
  const section = byId('live-bind')
  section.hidden = false
  const button = byId<HTMLButtonElement>('bind')
  button.onclick = async () => {
    button.disabled = true
    say(text('live.binding'))
    const phone = await bind(decodeBase64url(link))
    button.disabled = false
    if (!phone) return
    section.hidden = true
    await show(phone)
  }
}

async function bind(token: Uint8Array): Promise<BoundPhone | null> {
  try {
    const { keys, jwk } = await makePhoneKey()
    const time = seconds()
    const message = bindingProofMessage(host, await browserCrypto.sha256(token), time)
    const proof = encodeBase64url(await signWith(keys, message))
    const response = await post('/api/live-cards/bind', { token: encodeBase64url(token), key: jwk, time, proof })
    if (!response.ok) {
      say(text(response.status === 409 ? 'live.ended' : response.status === 422 ? 'live.expiredLink' : 'live.failed'))
      return null
    }
    const bound = (await response.json()) as { credential: string; binding: string; expiresAt: number }
    const phone = {
      keys,
      jwk,
      sealed: decodeBase64url(bound.credential),
      binding: decodeBase64url(bound.binding),
      expiresAt: bound.expiresAt,
    }
    await keepPhone(phone)
    return phone
  } catch {
    say(text('live.failed'))
    return null
  }
}

async function show(phone: BoundPhone): Promise<void> {
  say(text('live.bound', { day: dayText(phone.expiresAt) }))
  byId('live-show').hidden = false
  byId('unbind').onclick = () => void unbind(phone)
  void keepAwake()
  void warnOfClock()
  const digest = await browserCrypto.sha256(phone.sealed)
  let shownFor = -1
  const tick = async () => {
    if (byId('live-show').hidden) return
    const time = seconds()
    const slot = Math.floor(time / period)
    if (slot !== shownFor) {
      shownFor = slot
      const signature = await signWith(phone.keys, liveMessage(host, digest, time))
      const url = liveUrl(
        page().publicUrl,
        encodeLive({ sealed: phone.sealed, binding: phone.binding, time, signature: toLowS(signature) }),
      )
      byId('live-code').innerHTML = qrMarkup(qrSegments(url)).text
      byId('live-code').dataset.url = url
    }
    const left = period - (Date.now() / 1000 - slot * period)
    byId('countdown').animate([{ transform: `scaleX(${left / period})` }, { transform: `scaleX(${Math.max(0, left - 1) / period})` }], 1000)
    byId('live-words').textContent = text('live.show', { seconds: Math.ceil(left) })
    setTimeout(() => void tick(), 1000)
  }
  await tick()
}

async function unbind(phone: BoundPhone): Promise<void> {
  if (!window.confirm(text('live.unbindConfirm'))) return
  const time = seconds()
  const thumbprint = await jwkThumbprint(phone.jwk, browserCrypto)
  const proof = encodeBase64url(await signWith(phone.keys, unbindingProofMessage(host, thumbprint, time)))
  const response = await post('/api/live-cards/unbind', { key: phone.jwk, time, proof }).catch(() => null)
  await forgetPhone()
  byId('live-show').hidden = true
  byId('live-code').textContent = ''
  say(text(response && (response.ok || response.status === 404) ? 'live.unbound' : 'live.unbindOffline'))
}

/** A clock that is off makes good codes stale: said before somebody refuses them. */
async function warnOfClock(): Promise<void> {
  const response = await fetch('/healthz', { cache: 'no-store' }).catch(() => null)
  const date = Date.parse(response?.headers.get('date') ?? '')
  const off = Math.round(Math.abs(date - Date.now()) / 1000)
  if (off > 20)
    byId('live-state').insertAdjacentHTML('beforeend', html`<p class="error-text">${text('live.clock', { seconds: off })}</p>`.text)
}

async function keepAwake(): Promise<void> {
  await navigator.wakeLock?.request('screen').catch(() => undefined)
}

function post(path: string, body: unknown): Promise<Response> {
  return fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}

function say(line: string): void {
  byId('live-state').innerHTML = line ? html`<p>${line}</p>`.text : ''
}

void start()
