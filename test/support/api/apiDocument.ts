import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { errorCodes } from '../../../core/errors.ts'
import { openApiDocument } from '../../../server/http/openapi.ts'
import type { JsonSchema } from './arbitraryOf.ts'
import type { Answer } from './exchange.ts'

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly schema: JsonSchema
}

type Content = Readonly<Record<string, { schema: JsonSchema; example?: unknown }>>

export interface Operation {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly isPublic: boolean
  readonly parameters: readonly Parameter[]
  readonly body: Content
  readonly responses: Readonly<Record<string, { content?: Content; headers?: Readonly<Record<string, { required?: boolean }>> }>>
}

/** The OpenAPI document as tests read it. */
export interface ApiDocument {
  readonly operations: readonly Operation[]
  readonly schemas: Readonly<Record<string, JsonSchema>>
  /** What is wrong with a value under a schema of the document; empty when nothing is. */
  faults(schema: JsonSchema, value: unknown): string[]
  /** What an answer has that the document does not say, or lacks that it says; empty when they agree. */
  judge(operation: Operation, answer: Answer): string[]
}

export function readApiDocument(origin: string): ApiDocument {
  const document = openApiDocument(origin) as unknown as {
    paths: Record<
      string,
      Record<string, Omit<Operation, 'id'> & { operationId: string; security?: unknown[]; requestBody?: { content: Content } }>
    >
    components: { schemas: Record<string, JsonSchema> }
  }
  const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: false, validateFormats: true })
  addFormats.default(ajv)
  ajv.addFormat('binary', true)
  const known = new Map<JsonSchema, ValidateFunction>()
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, each]) => ({
      id: each.operationId,
      method: method.toUpperCase(),
      path,
      isPublic: Array.isArray(each.security),
      parameters: each.parameters ?? [],
      body: each.requestBody?.content ?? {},
      responses: each.responses,
    })),
  )
  const faults = (schema: JsonSchema, value: unknown): string[] => {
    let validate = known.get(schema)
    if (!validate) {
      validate = ajv.compile({ ...schema, components: document.components })
      known.set(schema, validate)
    }
    if (validate(value)) return []
    return (validate.errors ?? []).map(each => `${each.instancePath || '/'} ${each.message} ${JSON.stringify(each.params)}`)
  }
  return { operations, schemas: document.components.schemas, faults, judge }

  function judge(operation: Operation, { status, headers, body }: Answer): string[] {
    if (status >= 500 && status !== 503) return [`${status} ${body.toString('utf8').slice(0, 300)}`]
    const response = operation.responses[status]
    if (!response) return [`undocumented ${status} ${body.toString('utf8').slice(0, 300)}`]
    const missing = Object.entries(response.headers ?? {}).flatMap(([name, { required }]) =>
      required && headers[name.toLowerCase()] === undefined ? [`${status} without ${name}`] : [],
    )
    const type = String(headers['content-type'] ?? '').split(';')[0]!
    if (!response.content) return body.length > 0 ? [...missing, `${status} with a body of ${type}`] : missing
    const content = response.content[type]
    if (!content) return [...missing, `${status} as "${type}"`]
    if (!/json/.test(type) || type.startsWith('application/jose')) return missing
    const values = type.endsWith('ndjson') ? body.toString('utf8').split('\n').filter(Boolean) : [body.toString('utf8')]
    const wrong = values.flatMap(value => faults(content.schema, JSON.parse(value)))
    const code = type === 'application/problem+json' ? (JSON.parse(values[0]!) as { code: string }).code : undefined
    if (code !== undefined && !(code in errorCodes)) wrong.push(`code ${code} is not in docs/errors.md`)
    return [...missing, ...wrong.map(fault => `${status} ${fault}`)]
  }
}
