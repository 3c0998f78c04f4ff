interface Progress {
  done: number
  total: number
  text: string
  finished: boolean
}

/** Moves the bars of running work, and loads the page anew when the work is over. */
export function followProgress(): void {
  for (const box of document.querySelectorAll<HTMLElement>('[data-progress]')) {
    const address = box.dataset.progress
    if (address) void follow(box, address)
  }
}

async function follow(box: HTMLElement, address: string): Promise<void> {
  const bar = box.querySelector('progress')!
  const text = box.querySelector<HTMLElement>('[data-progress-text]')!
  for (let pause = 400; ; pause = Math.min(pause * 1.3, 3000)) {
    await new Promise(next => setTimeout(next, pause))
    if (document.hidden) continue
    try {
      const response = await fetch(address, { headers: { 'x-background': '1', accept: 'application/json' }, cache: 'no-store' })
      if (!response.ok) continue
      const progress = (await response.json()) as Progress
      bar.max = Math.max(1, progress.total)
      bar.value = progress.done
      text.textContent = progress.text
      // A form on its way (signing out, say) would be called back by a reload.
      if (progress.finished) return document.querySelector('form[data-sent]') ? undefined : location.reload()
    } catch {
      // No network for a moment: the work goes on without us.
    }
  }
}
