import { prepareZXingModule } from 'zxing-wasm/reader'
import wasmUrl from 'zxing-wasm/reader/zxing_reader.wasm'
import type { Pixels } from '../../core/document/pixels.ts'
import { readCodes } from './readCodes.ts'

/** The decoder, in a worker: its WebAssembly needs a policy that the page itself does without, and frames must not hold the page up. */
export interface ScanRequest {
  readonly id: number
  readonly pixels: Pixels
  readonly effort: 'frame' | 'photo'
  readonly turn: number
}

export type ScanAnswer =
  | { readonly id: number; readonly texts: readonly string[]; readonly seen: boolean }
  | { readonly id: number; readonly failed: string }
  | { readonly ready: boolean }

const worker = self as unknown as { onmessage: (event: MessageEvent<ScanRequest>) => void; postMessage(answer: ScanAnswer): void }
const ready = prepareZXingModule({ overrides: { locateFile: () => wasmUrl }, fireImmediately: true })
ready.then(
  () => worker.postMessage({ ready: true }),
  () => worker.postMessage({ ready: false }),
)

worker.onmessage = async event => {
  const { id, pixels, effort, turn } = event.data
  try {
    worker.postMessage({ id, ...(await readCodes(pixels, effort, turn)) })
  } catch (error) {
    worker.postMessage({ id, failed: String(error) })
  }
}
