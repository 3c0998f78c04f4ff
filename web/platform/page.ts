import { type Text, type Texts, textFrom } from './textFrom.ts'

/** What the server tells a page's script, in the JSON block `#page`. */
export interface PageFacts {
  readonly lang: 'vi' | 'en'
  /** Origin of the installation, the only one whose results count. */
  readonly publicUrl: string
  /** The pinned root: lowercase hex SHA-256 of root 1's payload. */
  readonly trustRoot: string
  readonly demonstration: boolean
  readonly texts: Texts
  readonly [name: string]: unknown
}

let facts: PageFacts | undefined

export function page(): PageFacts {
  facts ??= JSON.parse(document.getElementById('page')!.textContent!) as PageFacts
  return facts
}

/** A text of the page's language by `section.name`, with its `{…}` filled in. */
export const text: Text = (key, values) => textFrom(page().texts)(key, values)

/** The element with this id, which the page's view has. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T
}
