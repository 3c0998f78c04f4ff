import type { FetchAnswer } from '../../core/verification/evidence.ts'

/**
 * A file of our own origin, at most `maxLength` bytes, within `timeout` milliseconds. Only 200 and 404 are answers; whatever
 * else comes (a hotel's sign-in page, a proxy's error) is as good as no network.
 */
export async function fetchBytes(path: string, wish: { maxLength: number; fresh: boolean; timeout: number }): Promise<FetchAnswer> {
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(), wish.timeout)
  try {
    const response = await fetch(path, {
      signal: stop.signal,
      credentials: 'omit',
      redirect: 'error',
      ...(wish.fresh ? { cache: 'no-cache' as const } : {}),
    })
    if (response.status === 404) return { kind: 'absent' }
    if (response.status !== 200) return { kind: 'unreachable', detail: `HTTP ${response.status}` }
    if (/^text\/html/.test(response.headers.get('content-type') ?? '')) return { kind: 'unreachable', detail: 'a page instead of the file' }
    const bytes = await readUpTo(response, wish.maxLength)
    return bytes ? { kind: 'found', bytes, online: true } : { kind: 'unreachable', detail: `larger than ${wish.maxLength} bytes` }
  } catch (error) {
    return { kind: 'unreachable', detail: error instanceof Error ? error.name : '' }
  } finally {
    clearTimeout(timer)
  }
}

async function readUpTo(response: Response, maxLength: number): Promise<Uint8Array | null> {
  if (!response.body) {
    const bytes = new Uint8Array(await response.arrayBuffer())
    return bytes.length <= maxLength ? bytes : null
  }
  const reader = response.body.getReader()
  const parts: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    if (length > maxLength) {
      void reader.cancel()
      return null
    }
    parts.push(value)
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
