interface State {
  locked: boolean
  signedIn: boolean
  csrf?: string
}

/**
 * Covers the page when its session has locked, so that what was typed stays under the cover, and lifts it once the person has
 * signed in again in another tab.
 */
export function guardSession(): void {
  const channel = 'BroadcastChannel' in window ? new BroadcastChannel('antin-session') : null
  if (document.querySelector('[data-unlocked]')) {
    channel?.postMessage('open')
    window.close()
    return
  }
  const cover = document.querySelector<HTMLElement>('[data-lock]')
  if (!cover) return
  const idle = Number(cover.dataset.idleSeconds) * 1000
  let lastActive = Date.now()
  let lastTold = Date.now()

  const active = () => {
    lastActive = Date.now()
    // Typing a long form is activity too: tell the server now and then, or it would lock under the typist's hands.
    if (cover.hidden && lastActive - lastTold > idle / 4) {
      lastTold = lastActive
      void readState(false)
    }
  }
  for (const kind of ['keydown', 'pointerdown', 'input']) document.addEventListener(kind, active, { passive: true })

  const readState = async (background: boolean): Promise<State | null> => {
    try {
      const response = await fetch('/signin/state', { headers: background ? { 'x-background': '1' } : {}, cache: 'no-store' })
      return response.ok ? ((await response.json()) as State) : null
    } catch {
      return null
    }
  }

  const look = async () => {
    const state = await readState(true)
    if (!state) return
    if (state.locked || !state.signedIn) return cover_()
    uncover(state.csrf)
  }
  const cover_ = () => {
    if (!cover.hidden) return
    cover.hidden = false
    for (const element of document.body.children) if (!element.contains(cover)) element.setAttribute('inert', '')
    for (const part of document.querySelectorAll('.at-frame')) part.setAttribute('inert', '')
    cover.querySelector<HTMLElement>('[data-unlock]')?.focus()
  }
  const uncover = (csrf?: string) => {
    if (cover.hidden) return
    cover.hidden = true
    lastActive = lastTold = Date.now()
    for (const element of document.querySelectorAll('[inert]')) element.removeAttribute('inert')
    if (csrf) for (const field of document.querySelectorAll<HTMLInputElement>('input[name="_csrf"]')) field.value = csrf
  }

  channel?.addEventListener('message', () => void look())
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && (!cover.hidden || Date.now() - lastActive > idle)) void look()
  })
  setInterval(() => {
    if (!cover.hidden || Date.now() - lastActive > idle) void look()
  }, 5000)
}
