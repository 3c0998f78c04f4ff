import type { Pixels } from '../../core/document/pixels.ts'
import type { CodesRead } from './readCodes.ts'
import type { ScanAnswer, ScanRequest } from './scanWorker.ts'

export interface Decoder {
  /** Rejects when the decoder could not be loaded or broke. */
  read(pixels: Pixels, effort: 'frame' | 'photo'): Promise<CodesRead>
  close(): void
}

let started: Promise<Decoder> | undefined

/** The page's QR decoder, started when it is first asked for, and anew after it could not be. Rejects when its files cannot be had. */
export function getDecoder(): Promise<Decoder> {
  started ??= startDecoder()
  started.catch(() => {
    started = undefined
  })
  return started
}

/** Starts the decoder in its worker. */
function startDecoder(): Promise<Decoder> {
  const worker = new Worker(SCAN_WORKER_URL)
  const waiting = new Map<number, { resolve: (codes: CodesRead) => void; reject: (error: Error) => void }>()
  let next = 0
  const decoder: Decoder = {
    read(pixels, effort) {
      const id = next++
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject })
        worker.postMessage({ id, pixels, effort, turn: id } satisfies ScanRequest, [pixels.data.buffer])
      })
    },
    close() {
      worker.terminate()
      failAll('closed')
    },
  }
  function failAll(reason: string) {
    for (const { reject } of waiting.values()) reject(new Error(reason))
    waiting.clear()
  }
  return new Promise((resolve, reject) => {
    worker.onerror = event => {
      failAll(event.message)
      reject(new Error(event.message || 'The decoder could not be loaded'))
    }
    worker.onmessage = (event: MessageEvent<ScanAnswer>) => {
      const answer = event.data
      if ('ready' in answer) {
        if (answer.ready) resolve(decoder)
        else reject(new Error('The decoder could not be loaded'))
        return
      }
      const asked = waiting.get(answer.id)
      waiting.delete(answer.id)
      if ('failed' in answer) asked?.reject(new Error(answer.failed))
      else asked?.resolve({ texts: answer.texts, seen: answer.seen })
    }
  })
}
