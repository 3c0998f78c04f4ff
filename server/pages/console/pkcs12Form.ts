import type { Request } from 'express'
import { AppError } from '../../../core/errors.ts'
import { readMultipart } from '../../http/multipart.ts'
import type { Translate } from '../texts.ts'
import type { FormFault } from './keyView.ts'
import { checkCsrf, problemKey } from './shell.ts'

/** A form with a PKCS#12 file. The passphrase is as it was typed: neither trimmed nor kept. */
export interface Pkcs12Form {
  fields: Record<string, string>
  file: Uint8Array
  passphrase: string
  /** What is wrong with the file or its passphrase before anything is opened. */
  faults(t: Translate): FormFault[]
}

/** What a PKCS#12 file may be. */
const maxBytes = 64 * 1024
/** What is read of one that is larger, so that the rest of the form is not lost with it. */
const readBytes = 1024 * 1024

/** Reads the form and checks its token; the upload is off the disk when this answers. Throws `auth.csrf`, and what `readMultipart` throws. */
export async function readPkcs12Form(req: Request): Promise<Pkcs12Form> {
  const form = await readMultipart(req, { fileBytes: readBytes, files: 1 })
  try {
    checkCsrf(req, form.fields.get('_csrf'))
    const { passphrase = '', ...rest } = Object.fromEntries(form.fields)
    const [upload] = form.files.get('file') ?? []
    const file = upload ? await upload.read() : new Uint8Array()
    const fields = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, value.trim()]))
    const faults = (t: Translate): FormFault[] => [
      ...(file.length === 0 ? [{ field: 'file', text: t('keys.fileMissing') }] : []),
      ...(file.length > maxBytes ? [{ field: 'file', text: t('keys.fileTooLarge') }] : []),
      ...(passphrase === '' ? [{ field: 'passphrase', text: t('keys.passphraseMissing') }] : []),
    ]
    return { fields, file, passphrase, faults }
  } finally {
    await form.discard()
  }
}

/** The fault of a form that a broken rule stands for; other errors pass through. */
export function pkcs12Fault(error: unknown, t: Translate): FormFault {
  if (!(error instanceof AppError) || !/^(key|http)\./.test(error.code) || error.code.endsWith('.not-found')) throw error
  if (error.code === 'key.window') return { field: 'file', text: t('keys.certificateEnded') }
  if (error.code === 'http.too-large') return { field: 'file', text: t('keys.fileTooLarge') }
  const field = error.code === 'key.passphrase' ? 'passphrase' : 'file'
  return { field, text: t(problemKey(error.code), { detail: error.detail }) }
}
