/** Texts by section and name, as the locale files have them. */
export type Texts = Readonly<Record<string, Readonly<Record<string, string>>>>

export type Text = (key: string, values?: Readonly<Record<string, unknown>>) => string

/** The same from given texts; the key itself when there is none, so that a gap is seen. */
export function textFrom(texts: Texts): Text {
  return (key, values = {}) => {
    const [section, name] = key.split('.') as [string, string]
    const found = texts[section]?.[name]
    return found === undefined ? key : found.replace(/\{(\w+)\}/g, (_, each: string) => String(values[each] ?? ''))
  }
}
