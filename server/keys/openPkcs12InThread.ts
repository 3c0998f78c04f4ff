import { Worker } from 'node:worker_threads'
import { AppError, type ErrorCode } from '../../core/errors.ts'
import type { OpenedPkcs12 } from './pkcs12.ts'

/**
 * Like `openPkcs12`, in a thread of its own: the derivation is partly slow JavaScript, and how slow the file decides. Throws as it
 * does, and `key.pkcs12` when it takes too long: a usual file takes a tenth of a second, 600,000 iterations (Firefox, NSS) three.
 * `timeLimit` in milliseconds.
 */
export async function openPkcs12InThread(file: Uint8Array, passphrase: string, timeLimit = 15_000): Promise<OpenedPkcs12> {
  const worker = new Worker(new URL('./pkcs12Thread.ts', import.meta.url), { workerData: { file: Uint8Array.from(file), passphrase } })
  let timer: NodeJS.Timeout | undefined
  try {
    const answer = await new Promise<OpenedPkcs12 | { code: ErrorCode; detail: string }>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      timer = setTimeout(
        () => reject(new AppError('key.pkcs12', 'The file asks for too many iterations; export it again with fewer')),
        timeLimit,
      )
    })
    if ('code' in answer) throw new AppError(answer.code, answer.detail)
    return answer
  } finally {
    clearTimeout(timer)
    await worker.terminate()
  }
}
