import fc from 'fast-check'

/** The part of JSON Schema (2020-12) that the document uses. */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema
  readonly prefixItems?: readonly JsonSchema[]
  readonly minItems?: number
  readonly maxItems?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly pattern?: string
  readonly format?: string
}

export interface DrawnFrom {
  /** Of `#/components/schemas`. */
  readonly schemas: Readonly<Record<string, JsonSchema>>
  /** Values that mean something in the world at hand, by the name of the property that takes them. */
  readonly known: Readonly<Record<string, readonly unknown[]>>
}

/** Draws values that a schema takes; where the world knows values for a property's name, mostly those. */
export function arbitraryOf(schema: JsonSchema, from: DrawnFrom, name = ''): fc.Arbitrary<unknown> {
  const known = from.known[name]
  const drawn = bySchema(schema, from, name)
  return known && known.length > 0 ? fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: drawn }) : drawn
}

function bySchema(schema: JsonSchema, from: DrawnFrom, name: string): fc.Arbitrary<unknown> {
  if (schema.$ref) return bySchema(from.schemas[schema.$ref.split('/').at(-1)!]!, from, name)
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const options = schema.anyOf ?? schema.oneOf
  if (options) return fc.oneof(...options.map(each => arbitraryOf(each, from, name)))
  if (schema.allOf) return fc.tuple(...schema.allOf.map(each => bySchema(each, from, name))).map(parts => Object.assign({}, ...parts))
  const types = typeof schema.type === 'string' ? [schema.type] : schema.type
  if (!types) return schema.properties ? objects(schema, from) : fc.jsonValue({ maxDepth: 2 })
  return fc.oneof(...types.map(type => ofType(type, schema, from, name)))
}

function ofType(type: string, schema: JsonSchema, from: DrawnFrom, name: string): fc.Arbitrary<unknown> {
  if (type === 'string') return strings(schema)
  if (type === 'boolean') return fc.boolean()
  if (type === 'null') return fc.constant(null)
  if (type === 'array') {
    if (schema.prefixItems) return fc.tuple(...schema.prefixItems.map(each => arbitraryOf(each, from)))
    const minLength = schema.minItems ?? 0
    return fc.array(arbitraryOf(schema.items ?? {}, from, name), { minLength, maxLength: Math.min(schema.maxItems ?? 3, minLength + 3) })
  }
  if (type === 'object') return objects(schema, from)
  const min = schema.minimum ?? (schema.exclusiveMinimum !== undefined ? schema.exclusiveMinimum + 1 : -1e9)
  return fc.integer({ min: Math.max(min, -1e9), max: Math.min(schema.maximum ?? 1e9, 2 ** 31 - 1) })
}

function strings({ format, pattern, minLength = 0, maxLength = 40 }: JsonSchema): fc.Arbitrary<string> {
  const seconds = fc.integer({ min: 946_684_800, max: 2_000_000_000 })
  if (format === 'uuid') return fc.uuid({ version: 7 })
  if (format === 'date-time') return seconds.map(each => new Date(each * 1000).toISOString())
  if (format === 'date') return seconds.map(each => new Date(each * 1000).toISOString().slice(0, 10))
  if (format === 'uri') return fc.webUrl()
  if (pattern) return fc.stringMatching(new RegExp(pattern))
  return fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(Math.max(maxLength, minLength), minLength + 40) })
}

function objects({ properties = {}, required = [], additionalProperties }: JsonSchema, from: DrawnFrom): fc.Arbitrary<object> {
  const model = Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, arbitraryOf(each, from, name)]))
  const own = fc.record(model, { requiredKeys: required.filter(name => name in model) })
  if (typeof additionalProperties !== 'object' || Object.keys(model).length > 0) return own
  return fc.dictionary(fc.string({ maxLength: 20 }), arbitraryOf(additionalProperties, from), { maxKeys: 3 })
}
