/** Puts the SHA-256 of a chosen file into a text field: the file stays where it is. */
export function digestFiles(): void {
  for (const input of document.querySelectorAll<HTMLInputElement>('input[type="file"][data-digest-into]'))
    input.addEventListener('change', async () => {
      const file = input.files?.[0]
      const field = document.getElementById(input.dataset.digestInto!) as HTMLInputElement | null
      if (!file || !field || !crypto.subtle) return
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()))
      field.value = [...digest].map(byte => byte.toString(16).padStart(2, '0')).join('')
    })
}
