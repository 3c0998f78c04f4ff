import { showFaults } from './showFaults.ts'

const worthTelling = 1 << 20

/**
 * Sends forms with large files by hand, to say how much has been sent, and keeps the chosen files when the server finds a fault.
 * Whatever else goes wrong, the browser sends the form itself.
 */
export function sendUploads(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-upload]')) tend(form)
}

function tend(form: HTMLFormElement): void {
  const box = form.querySelector<HTMLElement>('[data-sending]')!
  const bar = box.querySelector('progress')!
  const text = box.querySelector<HTMLElement>('[data-sending-text]')!
  const inputs = [...form.querySelectorAll<HTMLInputElement>('input[type="file"]')]
  const bytesOf = (input: HTMLInputElement) => [...(input.files ?? [])].reduce((sum, file) => sum + file.size, 0)
  // Told at once, not after minutes of sending.
  for (const input of inputs)
    input.addEventListener('change', () => {
      const most = Number(input.dataset.maxBytes ?? Number.POSITIVE_INFINITY)
      input.setCustomValidity(bytesOf(input) > most ? input.dataset.tooLarge! : '')
      input.reportValidity()
    })
  form.addEventListener('submit', event => {
    if (!form.reportValidity()) return event.preventDefault()
    if (event.defaultPrevented || inputs.reduce((sum, input) => sum + bytesOf(input), 0) < worthTelling) return
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
    request.onload = () => {
      if (request.status < 400) return location.assign(request.responseURL)
      if (!showFaults(form, request.responseText)) return form.submit()
      box.hidden = true
      delete form.dataset.sent
      event.submitter?.removeAttribute('aria-busy')
    }
    request.onerror = () => form.submit()
    request.send(new FormData(form))
  })
}
