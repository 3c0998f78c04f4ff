const worthTelling = 1 << 20

/** Sends forms with large files by hand, to say how much has been sent; whatever goes wrong, the browser sends the form itself. */
export function sendUploads(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-upload]')) tend(form)
}

function tend(form: HTMLFormElement): void {
  const box = form.querySelector<HTMLElement>('[data-sending]')!
  const bar = box.querySelector('progress')!
  const text = box.querySelector<HTMLElement>('[data-sending-text]')!
  form.addEventListener('submit', event => {
    const files = [...form.querySelectorAll<HTMLInputElement>('input[type="file"]')].flatMap(input => [...(input.files ?? [])])
    if (event.defaultPrevented || files.reduce((sum, file) => sum + file.size, 0) < worthTelling) return
    event.preventDefault()
    const tell = (percent: number) => {
      bar.value = percent
      text.textContent = text.dataset.sendingText!.replace('{percent}', String(percent))
    }
    box.hidden = false
    tell(0)
    const request = new XMLHttpRequest()
    request.open('POST', form.action)
    request.upload.onprogress = ({ loaded, total }) => tell(Math.floor((loaded / Math.max(1, total)) * 100))
    request.onload = () => (request.status < 400 ? location.assign(request.responseURL) : form.submit())
    request.onerror = () => form.submit()
    request.send(new FormData(form))
  })
}
