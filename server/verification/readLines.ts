import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** Lines of a stream of UTF-8, without their ends, empty ones left out; null for one longer than `maxLength` characters, which is skipped. */
export async function* readLines(stream: Readable, maxLength: number): AsyncGenerator<string | null> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let isSkipping = false
  for await (const chunk of stream) {
    rest += decoder.write(chunk as Buffer)
    let start = 0
    for (;;) {
      const end = rest.indexOf('\n', start)
      if (end < 0) break
      const line = rest.slice(start, end).trim()
      start = end + 1
      if (isSkipping || line.length > maxLength) yield null
      else if (line !== '') yield line
      isSkipping = false
    }
    rest = rest.slice(start)
    if (rest.length > maxLength) {
      isSkipping = true
      rest = ''
    }
  }
  rest = (rest + decoder.end()).trim()
  if (isSkipping) yield null
  else if (rest !== '') yield rest.length > maxLength ? null : rest
}
