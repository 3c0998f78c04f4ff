/** What the server tells a page's script, in the JSON block `#page`. */
export interface PageFacts {
  readonly lang: 'vi' | 'en'
  /** Origin of the installation, the only one whose results count. */
  readonly publicUrl: string
  /** The pinned root: lowercase hex SHA-256 of root 1's payload. */
  readonly trustRoot: string
  readonly demonstration: boolean
  readonly texts: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly [name: string]: unknown
}

let facts: PageFacts | undefined

export function page(): PageFacts {
  facts ??= JSON.parse(document.getElementById('page')!.textContent!) as PageFacts
  return facts
}

/** A text of the page's language by `section.name`, with its `{…}` filled in. */
export function text(key: string, values: Readonly<Record<string, unknown>> = {}): string {
  return textFrom(page().texts)(key, values)
}

export type Text = (key: string, values?: Readonly<Record<string, unknown>>) => string

/** The same from given texts; the key itself when there is none, so that a gap is seen. */
export function textFrom(texts: PageFacts['texts']): Text {
  return (key, values = {}) => {
    const [section, name] = key.split('.') as [string, string]
    const found = texts[section]?.[name]
    return found === undefined ? key : found.replace(/\{(\w+)\}/g, (_, each: string) => String(values[each] ?? ''))
  }
}

/** The element with this id, which the page's view has. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T
}
