import { decodeBase64url } from '../../core/encoding/base64url.ts'
import { fromUtf8 } from '../../core/encoding/bytes.ts'
import { fetchBytes } from '../evidence/fetchBytes.ts'
import { keptFiles } from '../evidence/keptFiles.ts'
import { byId, text } from '../platform/page.ts'
import { timeText } from '../platform/vietnamTime.ts'

const note = 'offline-download'
const parallel = 6
const day = 24 * 3600

interface Download {
  readonly at: number
  readonly agencies: number
}

interface InstallPrompt extends Event {
  prompt(): Promise<unknown>
}

let installPrompt: InstallPrompt | undefined
window.addEventListener('beforeinstallprompt', event => {
  event.preventDefault()
  installPrompt = event as InstallPrompt
  const button = document.getElementById('install')
  if (button) button.hidden = false
})

/** The box that loads all slices and status lists for a counter without a network, and says how old they are. */
export async function startOfflineBox(): Promise<void> {
  const box = document.getElementById('offline-box')
  if (!box) return
  const kept = await keptFiles()
  const state = byId('offline-state')
  if (!kept.lasting || !navigator.serviceWorker) {
    state.textContent = text('offline.unsupported')
    byId<HTMLButtonElement>('offline-fetch').disabled = true
    box.hidden = false
    return
  }
  const download = await kept.readNote<Download>(note).catch(() => undefined)
  state.textContent = download ? doneText(download) : text('offline.none')
  byId('offline-fetch').onclick = () => void fetchAll()
  const install = byId('install')
  install.hidden = installPrompt === undefined
  install.onclick = () => void installPrompt?.prompt()
  // A phone may take seconds to open its store; a button that does nothing meanwhile is not shown.
  box.hidden = false
}

function doneText({ at, agencies }: Download): string {
  const now = Math.floor(Date.now() / 1000)
  if (now > at + day) return text('offline.stale', { time: timeText(at, now) })
  return text('offline.done', { agencies, time: timeText(at, now), until: timeText(at + day, now) })
}

async function fetchAll(): Promise<void> {
  const kept = await keptFiles()
  const button = byId<HTMLButtonElement>('offline-fetch')
  const state = byId('offline-state')
  button.disabled = true
  void navigator.storage?.persist?.()
  const at = Math.floor(Date.now() / 1000)
  const get = async (path: string, maxLength: number) => {
    const answer = await fetchBytes(path, { maxLength, fresh: true, timeout: 20_000 })
    if (answer.kind === 'found') await kept.put({ path, bytes: answer.bytes, fetchedAt: at })
    return answer
  }
  const wellKnown = '/.well-known/antin'
  const [index, root] = await Promise.all([get(`${wellKnown}/trust-list`, 2 * 1024 * 1024), get(`${wellKnown}/root`, 256 * 1024)])
  await get('/log/checkpoint', 64 * 1024)
  if (index.kind !== 'found' || root.kind !== 'found') {
    state.textContent = text('offline.failed', { done: 0, total: 2 })
    button.disabled = false
    return
  }
  const codes = Object.keys((payloadOf(index.bytes) as { slices: Record<string, string> }).slices)
  const lists = await get('/status-lists', 1024 * 1024)
  const listPaths =
    lists.kind === 'found'
      ? (JSON.parse(fromUtf8(lists.bytes)) as { status_lists: string[] }).status_lists.map(url => new URL(url).pathname)
      : []
  const paths = [...codes.map(code => `${wellKnown}/trust/${code}`), ...listPaths]
  let next = 0
  let done = 0
  let failed = lists.kind === 'found' ? 0 : 1
  const work = async () => {
    while (next < paths.length) {
      const answer = await get(paths[next++]!, 256 * 1024)
      if (answer.kind === 'unreachable') failed++
      done++
      state.textContent = text('offline.working', { done, total: paths.length })
    }
  }
  await Promise.all(Array.from({ length: parallel }, work))
  button.disabled = false
  if (failed > 0) {
    state.textContent = text('offline.failed', { done: done - failed, total: paths.length })
    return
  }
  const download: Download = { at, agencies: codes.length }
  await kept.putNote(note, download)
  state.textContent = doneText(download)
}

/** The payload of a compact JWS, for its list of what to fetch; nothing is believed before a verification opens it. */
function payloadOf(jws: Uint8Array): unknown {
  return JSON.parse(fromUtf8(decodeBase64url(fromUtf8(jws).split('.')[1]!)))
}
