import { setImmediate } from 'node:timers/promises'
import type { CardView } from '../render/cardView.ts'
import { cardPages, type LayoutStart } from './cardPdf.ts'
import { cardSheets } from './cardSheets.ts'

export interface CardStream extends LayoutStart {
  /** Taken as they are asked for: a run of any length, read from the database row by row. */
  cards: AsyncIterable<CardView> | Iterable<CardView>
  /** `cr80` one card a page, front and back; `a4` sheets with crop marks. */
  layout: 'cr80' | 'a4'
}

/**
 * Yields the bytes of a print run's PDF, the same as `writeCardPdf` or `writeCardSheets` write, a few cards at a time with the
 * event loop free in between: `Readable.from(streamCards(run)).pipe(response)`. Throws what rendering throws.
 */
export async function* streamCards({ cards, layout: kind, ...start }: CardStream): AsyncGenerator<Uint8Array> {
  let written: Uint8Array[] = []
  const layout = (kind === 'a4' ? cardSheets : cardPages)(start, chunk => written.push(chunk))
  const take = () => {
    const bytes = new Uint8Array(Buffer.concat(written))
    written = []
    return bytes
  }
  let waiting: CardView[] = []
  for await (const card of cards) {
    waiting.push(card)
    if (waiting.length < layout.size) continue
    layout.add(waiting)
    waiting = []
    yield take()
    await setImmediate()
  }
  if (waiting.length > 0) layout.add(waiting)
  layout.end()
  yield take()
}
