import { toHex } from '../../core/encoding/bytes.ts'

/** Puts the SHA-256 of a chosen file into a text field: the file stays where it is. A form that is sent meanwhile waits for it. */
export function digestFiles(): void {
  for (const input of document.querySelectorAll<HTMLInputElement>('input[type="file"][data-digest-into]')) {
    const field = document.getElementById(input.dataset.digestInto!) as HTMLInputElement | null
    if (field && crypto.subtle) tend(input, field)
  }
}

function tend(input: HTMLInputElement, field: HTMLInputElement): void {
  let working: Promise<void> | undefined
  const begin = () => {
    const file = input.files?.[0]
    if (!file) return
    field.value = ''
    const mine: Promise<void> = digest(file).then(hex => {
      if (working !== mine) return
      working = undefined
      field.value = hex ?? ''
      if (!hex) input.value = ''
    })
    working = mine
  }
  input.addEventListener('change', begin)
  // It may have been chosen before this script came.
  begin()
  input.form?.addEventListener('submit', event => {
    if (!working) return
    event.preventDefault()
    void working.then(() => {
      if (working || field.value) input.form!.requestSubmit(event.submitter)
    })
  })
}

/** Lowercase hex; null when the file cannot be read, being on a stick that was taken out, say. */
async function digest(file: File): Promise<string | null> {
  try {
    return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer())))
  } catch {
    return null
  }
}
