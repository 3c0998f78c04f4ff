/**
 * Keeps the scanner's pages and files, so that they open without a network. Evidence is not its business: the page keeps that
 * itself (web/evidence/keptFiles.ts), with its age, also where there is no service worker.
 */
interface WorkerScope {
  addEventListener(type: string, listener: (event: never) => void): void
  skipWaiting(): Promise<void>
  clients: { claim(): Promise<void> }
  location: Location
}
interface Extendable {
  waitUntil(promise: Promise<unknown>): void
}
interface Fetching extends Extendable {
  readonly request: Request
  respondWith(response: Promise<Response>): void
}

const scope = self as unknown as WorkerScope
const name = `antin-${KEPT_VERSION}`
const pages = ['/v', '/l']
const keptPages = pages.flatMap(path => [`${path}?lang=vi`, `${path}?lang=en`])
const pageTimeout = 3000

scope.addEventListener('install', (event: Extendable) => {
  event.waitUntil(
    caches.open(name).then(async cache => {
      await cache.addAll([...KEPT_FILES, '/icon.svg'])
      // The cookie's language must not decide what is kept: each is asked for by name, without cookies.
      await Promise.all(
        keptPages.map(async path => {
          const response = await fetch(path, { credentials: 'omit', cache: 'no-cache' })
          if (response.ok) await cache.put(path, response)
        }),
      )
      await scope.skipWaiting()
    }),
  )
})

scope.addEventListener('activate', (event: Extendable) => {
  event.waitUntil(
    caches
      .keys()
      .then(names =>
        Promise.all(
          names.filter(each => each.startsWith('antin-') && each !== name && each !== 'antin-language').map(each => caches.delete(each)),
        ),
      )
      .then(() => scope.clients.claim()),
  )
})

scope.addEventListener('fetch', (event: Fetching) => {
  const { request } = event
  const url = new URL(request.url)
  if (url.origin !== scope.location.origin || request.method !== 'GET') return
  if (url.pathname.startsWith('/assets/web/')) event.respondWith(fromCache(request))
  else if (request.mode === 'navigate') {
    const page = pages.find(path => path === url.pathname) ?? (url.pathname.startsWith('/t/') ? '/v' : undefined)
    if (page) event.respondWith(fromNetwork(request, url, page))
  }
})

async function fromCache(request: Request): Promise<Response> {
  return (await caches.match(request.url)) ?? fetch(request)
}

/** The page as it is now; when that cannot be had soon, the kept one in the language last read. */
async function fromNetwork(request: Request, url: URL, page: string): Promise<Response> {
  const kept = async () => caches.match(`${page}?lang=${await language(url)}`)
  try {
    const response = await Promise.race([fetch(request), new Promise<null>(resolve => setTimeout(() => resolve(null), pageTimeout))])
    if (response && response.status < 500) {
      const lang = response.headers.get('content-language')
      if (lang) void caches.open('antin-language').then(cache => cache.put('/language', new Response(lang)))
      return response
    }
    return (await kept()) ?? response ?? fetch(request)
  } catch (error) {
    const known = await kept()
    if (known) return known
    throw error
  }
}

async function language(url: URL): Promise<string> {
  const asked = url.searchParams.get('lang')
  if (asked === 'vi' || asked === 'en') return asked
  return (await (await caches.match('/language'))?.text()) ?? 'vi'
}
