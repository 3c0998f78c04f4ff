import { parentPort, workerData } from 'node:worker_threads'
import { AppError } from '../../core/errors.ts'
import { openPkcs12 } from './pkcs12.ts'

// The thread of `openPkcs12InThread`: opens one file, answers, and ends.
const { file, passphrase } = workerData as { file: Uint8Array; passphrase: string }
try {
  parentPort?.postMessage(openPkcs12(file, passphrase))
} catch (error) {
  const { code, detail } = error instanceof AppError ? error : new AppError('key.pkcs12')
  parentPort?.postMessage({ code, detail })
}
