/** A browser without a window: keeps cookies, follows redirects and sends forms. For tests and for `antin --as ROLE`. */
export interface FormBrowser {
  /** Goes to a page, by redirects as far as `stop` lets it; returns where it ended and what it read. */
  go(url: string, init?: RequestInit): Promise<{ url: string; status: number; text: string }>
  /** The value of the first cookie of an origin whose name matches. */
  cookie(origin: string, name: RegExp): string | undefined
}

const redirects = new Set([301, 302, 303, 307, 308])

/** @param stop no request is made for a URL that begins with it; the redirect to it is the end */
export function formBrowser(stop?: string): FormBrowser {
  const jars = new Map<string, Map<string, string>>()
  return {
    async go(url, init = {}) {
      let [at, request] = [url, init]
      for (let hops = 0; hops < 20; hops++) {
        if (stop !== undefined && hops > 0 && at.startsWith(stop)) return { url: at, status: 0, text: '' }
        const { host } = new URL(at)
        const jar = jars.get(host) ?? new Map<string, string>()
        jars.set(host, jar)
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
        const headers = { accept: 'text/html', ...(request.headers as Record<string, string>), ...(cookie ? { cookie } : {}) }
        const response = await fetch(at, { ...request, headers, redirect: 'manual' })
        for (const line of response.headers.getSetCookie()) {
          const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
          if (name !== undefined && value !== undefined) value === '' ? jar.delete(name) : jar.set(name, value)
        }
        const location = response.headers.get('location')
        if (!redirects.has(response.status) || location === null) return { url: at, status: response.status, text: await response.text() }
        await response.body?.cancel()
        at = new URL(location, at).href
        request = {}
      }
      throw new Error(`Too many redirects from ${url}`)
    },
    cookie: (origin, pattern) => [...(jars.get(new URL(origin).host) ?? [])].find(([name]) => pattern.test(name))?.[1],
  }
}

/**
 * Signs a person in at the provider's pages, starting at `url` (an authorization URL, or `verification_uri_complete` of the
 * device flow), sending each form as it comes. Returns the page or the `stop` address where that ended.
 */
export async function signInByForms(
  url: string,
  credentials: { username: string; password: string },
  stop?: string,
  browser: FormBrowser = formBrowser(stop),
): Promise<{ url: string; text: string }> {
  let page = await browser.go(url)
  let passwordAt = ''
  for (let steps = 0; steps < 6; steps++) {
    const form = /<form([^>]*)>([\s\S]*?)<\/form>/i.exec(page.text)
    // Whoever signed in is past the provider's pages: the forms that follow are not ours to send.
    if (!form || (passwordAt !== '' && new URL(page.url).origin !== passwordAt)) return page
    const action = /\baction="([^"]*)"/i.exec(form[1]!)?.[1] ?? page.url
    const fields = new URLSearchParams()
    for (const [input] of form[2]!.matchAll(/<input[^>]*>/gi)) {
      const name = /\bname="([^"]*)"/i.exec(input)?.[1]
      if (name) fields.set(name, /\bvalue="([^"]*)"/i.exec(input)?.[1] ?? '')
    }
    if (fields.has('password')) {
      if (page.status === 401 || page.status === 429) throw new Error('The identity provider refused the user name or password')
      fields.set('username', credentials.username)
      fields.set('password', credentials.password)
      passwordAt = new URL(page.url).origin
    }
    page = await browser.go(new URL(action.replaceAll('&amp;', '&'), page.url).href, { method: 'POST', body: fields })
  }
  return page
}
