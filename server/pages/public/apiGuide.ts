/** What the documentation page shows of an OpenAPI document: operations by group, fields by name, no schema language. */
export interface GuideGroup {
  readonly id: string
  readonly description: string
  readonly operations: readonly GuideOperation[]
}

interface GuideField {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly description: string
}

interface GuideOperation {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly summary: string
  readonly description: string
  readonly isPublic: boolean
  readonly parameters: readonly (GuideField & { readonly in: string })[]
  readonly body: readonly { readonly type: string; readonly fields: readonly GuideField[] }[]
  /** As curl, of the first JSON example; null when there is none. */
  readonly request: string | null
  /** Indented JSON of the first success that has an example. */
  readonly response: string | null
  readonly responses: readonly { readonly status: string; readonly description: string; readonly fields: readonly GuideField[] }[]
}

type Json = Record<string, unknown>

export function apiGuide(document: object): GuideGroup[] {
  const { tags, paths, components, servers } = document as {
    servers: { url: string }[]
    tags: Json[]
    paths: Record<string, Record<string, Json>>
    components?: { schemas?: Json }
  }
  const schemas = components?.schemas ?? {}
  const publicUrl = servers[0]?.url ?? ''
  return tags.map(tag => ({
    id: String(tag.name).replace(/\W+/g, '-'),
    description: String(tag.description ?? tag.name),
    operations: Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([, operation]) => (operation.tags as string[] | undefined)?.includes(String(tag.name)))
        .map(([method, operation]) => operationOf(path, method, operation)),
    ),
  }))

  function operationOf(path: string, method: string, operation: Json): GuideOperation {
    const parameters = ((operation.parameters ?? []) as Json[]).map(each => ({
      ...fieldOf(String(each.name), each.schema, each.required === true),
      in: String(each.in),
      description: String(each.description ?? (each.schema as Json)?.description ?? ''),
    }))
    const content = ((operation.requestBody as Json | undefined)?.content ?? {}) as Record<string, Json>
    return {
      id: String(operation.operationId),
      method: method.toUpperCase(),
      path,
      summary: String(operation.summary ?? ''),
      description: String(operation.description ?? ''),
      isPublic: Array.isArray(operation.security), // only these name their own: none, or none as well as a token
      parameters,
      body: Object.entries(content).map(([type, { schema }]) => ({ type, fields: fieldsOf(schema) })),
      request: requestExample(path, method, operation, publicUrl),
      response: responseExample(operation),
      responses: Object.entries(operation.responses as Record<string, Json>).map(([status, response]) => ({
        status,
        description: String(response.description ?? ''),
        fields:
          Number(status) < 400
            ? Object.values((response.content ?? {}) as Record<string, Json>).flatMap(({ schema }) => fieldsOf(schema))
            : [],
      })),
    }
  }

  function fieldsOf(schema: unknown): GuideField[] {
    const found = resolved(schema)
    const required = (found.required ?? []) as string[]
    const own = Object.entries((found.properties ?? {}) as Json).map(([name, each]) => fieldOf(name, each, required.includes(name)))
    const inner = ((found.allOf ?? []) as unknown[]).flatMap(fieldsOf)
    return [...own, ...inner]
  }

  function fieldOf(name: string, schema: unknown, required: boolean): GuideField {
    const found = resolved(schema)
    return { name, type: typeOf(found), required, description: String(found.description ?? '') }
  }

  function typeOf(schema: Json): string {
    if (Array.isArray(schema.enum)) return schema.enum.map(each => JSON.stringify(each)).join(' | ')
    if (schema.const !== undefined) return JSON.stringify(schema.const)
    const options = (schema.anyOf ?? schema.oneOf) as unknown[] | undefined
    if (options) return options.map(each => typeOf(resolved(each))).join(' | ')
    if (schema.type === 'array') return `${typeOf(resolved(schema.items))}[]`
    return [schema.type ?? 'object', schema.format].filter(Boolean).join(' ')
  }

  function resolved(schema: unknown): Json {
    const found = (schema ?? {}) as Json
    const name = /^#\/components\/schemas\/(.+)$/.exec(String(found.$ref ?? ''))?.[1]
    return name ? ((schemas as Record<string, Json>)[name] ?? {}) : found
  }
}

type WithExample = { content?: Record<string, { example?: unknown }> }

function requestExample(path: string, method: string, operation: Json, publicUrl: string): string | null {
  const body = (operation.requestBody as WithExample | undefined)?.content?.['application/json']?.example
  if (body === undefined) return null
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => `$${name.toUpperCase()}`)
  const lines = [`curl${method === 'post' ? '' : ` -X ${method.toUpperCase()}`} "${publicUrl}${address}"`]
  if (!Array.isArray(operation.security)) lines.push(`-H "authorization: Bearer $TOKEN"`)
  lines.push(`-H 'content-type: application/json'`, `-d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`)
  return lines.join(' \\\n  ')
}

function responseExample({ responses }: Json): string | null {
  for (const [status, response] of Object.entries(responses as Record<string, WithExample>)) {
    const example = response.content?.['application/json']?.example
    if (Number(status) < 300 && example !== undefined) return JSON.stringify(example, null, 2)
  }
  return null
}
