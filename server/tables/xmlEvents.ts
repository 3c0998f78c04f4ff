import type { Readable } from 'node:stream'
import { SaxesParser } from 'saxes'
import { AppError } from '../../core/errors.ts'

/** What a reader listens to; names come without their namespace prefix. Attributes are reached by their written name. */
export interface XmlListener {
  open(name: string, attributes: Record<string, string>): void
  text?(text: string): void
  close?(name: string): void
}

/** Characters without any event: nothing real is so long, and the parser holds them in memory. */
const longestToken = 2 << 20

/**
 * Parses an XML stream in chunks and yields after each, so that the caller can hand on what the listener gathered. A
 * document type declaration is refused, so no entity beyond the five of XML can occur.
 * @throws table.xml malformed, a document type, more than 64 levels, a text, tag or comment without end
 */
export async function* xmlEvents(stream: Readable, listener: XmlListener): AsyncGenerator<void> {
  const parser = new SaxesParser<{ position: false }>({ position: false })
  let failure: Error | undefined
  let depth = 0
  let quiet = 0
  parser.on('error', error => {
    failure ??= error
  })
  parser.on('doctype', () => {
    failure ??= new Error('a document type is declared')
  })
  parser.on('opentag', tag => {
    quiet = 0
    if (++depth > 64) failure ??= new Error('too deep')
    listener.open(localName(tag.name), tag.attributes as Record<string, string>)
  })
  const hear = (text: string): void => {
    quiet = 0
    listener.text?.(text)
  }
  parser.on('text', hear)
  parser.on('cdata', hear)
  parser.on('closetag', tag => {
    depth--
    quiet = 0
    listener.close?.(localName(tag.name))
  })
  const check = () => {
    if (failure) throw new AppError('table.xml', undefined, { cause: failure })
  }
  stream.setEncoding('utf8')
  try {
    for await (const chunk of stream) {
      parser.write(chunk as string)
      quiet += (chunk as string).length
      if (quiet > longestToken) throw new AppError('table.xml', 'A text, tag or comment has no end')
      check()
      yield
    }
    parser.close()
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError('table.zip', 'A part of the file is damaged', { cause: error })
  } finally {
    stream.destroy()
  }
  check()
  yield
}

function localName(name: string): string {
  const colon = name.indexOf(':')
  return colon < 0 ? name : name.slice(colon + 1)
}
