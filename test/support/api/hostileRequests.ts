import fc from 'fast-check'
import type { ApiDocument, Operation } from './apiDocument.ts'
import { type Caller, callers } from './apiWorld.ts'
import { arbitraryOf, type DrawnFrom } from './arbitraryOf.ts'
import type { Known } from './walk.ts'

/** One request to draw: `caller` is put in by the sender. */
export interface Drawn {
  readonly operation: Operation
  readonly caller: Caller | null
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** Parts of a path that no route expects; percent-encoding that decodes to nothing among them. */
const oddParts = [
  'x',
  '%00',
  '%E1%BB',
  '%',
  '..%2f..',
  '%E1%BB%9B',
  '0'.repeat(40),
  'f'.repeat(64),
  "'",
  '%F0%9F%92%A9',
  '-1',
  '1e9',
  'null',
  '%0d%0aX:1',
]
const oddValues: fc.Arbitrary<unknown> = fc.constantFrom<unknown>(
  null,
  0,
  -1,
  1e308,
  2 ** 53,
  '',
  ' ',
  '\0',
  '\ud800',
  'x'.repeat(5000),
  true,
  [],
  {},
  [null],
  { a: { b: [] } },
  '\u202e',
  '1'.repeat(400),
)
const hugeNumber = `1${'0'.repeat(400)}`
const oddBodies = [
  '',
  '{',
  '[]',
  'null',
  '"x"',
  '5',
  '{"__proto__":{"x":1}}',
  '{"constructor":{"prototype":{}}}',
  `{"a":${hugeNumber}}`,
  '{"a":1,"a":2}',
  `${'['.repeat(3000)}`,
  '\ufeff{}',
  '{}{}',
]
const oddTypes = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'multipart/form-data; boundary=x',
  'application/json; charset=utf-7',
  'application/xml',
  '',
  'x',
  'application/problem+json',
  'application/x-ndjson',
]
const oddForms = [
  '--x',
  '--x--\r\n',
  '--x\r\n\r\n\r\n--x--',
  '--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\nMZ\r\n--x--\r\n',
  '--x\r\ncontent-disposition: form-data; name="__proto__"\r\n\r\n1\r\n--x--\r\n',
  '--x\r\ncontent-disposition: form-data; name="sheet"; filename="\u0000"\r\n\r\nso_hieu\n1\r\n--x--',
]
const oddHeaders: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({}) },
  fc.constantFrom<Record<string, string>>(
    { accept: 'text/html' },
    { accept: 'application/xml' },
    { accept: ',;q=' },
    { 'accept-language': 'zz;q=9,,' },
    { 'accept-language': 'x'.repeat(900) },
    { origin: 'null' },
    { origin: 'https://evil.example' },
    { 'idempotency-key': '' },
    { 'idempotency-key': 'a b' },
    { 'idempotency-key': 'x'.repeat(300) },
    { 'idempotency-key': 'one-key' },
    { 'if-none-match': '*' },
    { 'if-none-match': '"' },
    { 'if-modified-since': 'x' },
    { range: 'bytes=9-1' },
    { cookie: 'antin_3999=; =;' },
    { 'content-encoding': 'gzip' },
    { 'x-forwarded-for': 'not an address' },
    { 'x-forwarded-host': '<' },
    { authorization: 'Basic eDp4' },
    { te: 'trailers' },
  ),
)

/** What the world knows under the name of a path's parameter. */
function knownOf(path: string, name: string, known: Known): readonly unknown[] {
  const room = /^\/api\/(imports|officers|print-jobs|webhooks|requests)/.exec(path)?.[1]
  const ofRoom = {
    imports: 'importId',
    officers: 'officerId',
    'print-jobs': 'printJobId',
    webhooks: 'webhookId',
    requests: 'requestId',
  } as const
  if (name === 'id' && room)
    return [...(known[ofRoom[room as keyof typeof ofRoom]] ?? []), ...(path.endsWith('withdraw') ? (known.diplomaRequestId ?? []) : [])]
  return known[name] ?? []
}

/** Draws requests to an operation: by any caller, of the world's own objects or of none, with bodies that its schema takes, nearly takes, or that no schema takes. */
export function hostileRequests(operation: Operation, document: ApiDocument, known: Known): fc.Arbitrary<Drawn> {
  const from: DrawnFrom = { schemas: document.schemas, known: known as DrawnFrom['known'] }
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(each => each[1]!)
  const parts = fc.tuple(
    ...names.map(name => {
      const own = knownOf(operation.path, name, known).map(String)
      const form = operation.parameters.find(each => each.in === 'path' && each.name === name)?.schema ?? {}
      const formed = arbitraryOf(form, { ...from, known: {} }).map(value => encodeURIComponent(wellFormed(String(value)) || 'x'))
      const odd = { weight: 1, arbitrary: fc.oneof(fc.constantFrom(...oddParts), formed) }
      return own.length > 0 ? fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...own) }, odd) : fc.oneof(odd)
    }),
  )
  const queries = operation.parameters.filter(each => each.in === 'query')
  const query = fc.record(
    Object.fromEntries(
      queries.map(({ name, schema }) => [
        name,
        fc.oneof(
          { weight: 3, arbitrary: arbitraryOf(schema, from, name) },
          fc.constantFrom('', '-1', 'x', '1e3', '%', '\0', '9'.repeat(30)),
        ),
      ]),
    ),
    { requiredKeys: [] },
  )
  return fc
    .tuple(parts, query, bodyOf(operation, from), oddHeaders, fc.option(fc.constantFrom(...callers), { freq: 10 }))
    .map(([filled, asked, { type, body }, headers, caller]) => {
      let at = 0
      const path = operation.path.replace(/\{\w+\}/g, () => filled[at++] as string)
      const text = Object.entries(asked).map(([name, value]) => `${name}=${encodeURIComponent(wellFormed(String(value)))}`)
      return {
        operation,
        caller,
        path: text.length > 0 ? `${path}?${text.join('&')}` : path,
        headers: { ...(type === undefined ? {} : { 'content-type': type }), ...headers },
        ...(body === undefined ? {} : { body }),
      }
    })
}

function bodyOf({ method, body }: Operation, from: DrawnFrom): fc.Arbitrary<{ type?: string; body?: string }> {
  if (method === 'GET') return fc.oneof({ weight: 9, arbitrary: fc.constant({}) }, fc.constant({ type: 'application/json', body: '{' }))
  const odd = fc.oneof(
    fc.constantFrom(...oddBodies).map(each => ({ type: 'application/json', body: each })),
    fc.constantFrom(...oddTypes).map(type => ({ type, body: '{}' })),
    fc.constantFrom(...oddForms).map(each => ({ type: 'multipart/form-data; boundary=x', body: each })),
    fc.constant({}),
  )
  const [[type, content] = []] = Object.entries(body)
  if (!type || !content || type.startsWith('multipart')) return odd
  const valid = arbitraryOf(content.schema, from)
  const whole = valid.map(value => ({ type, body: textOf(value) }))
  const nearly = fc
    .tuple(valid, fc.nat(), fc.nat({ max: 3 }), oddValues)
    .map(([value, at, kind, instead]) => ({ type, body: textOf(changed(value, at, kind, instead)) }))
  return fc.oneof({ weight: 4, arbitrary: whole }, { weight: 3, arbitrary: nearly }, { weight: 2, arbitrary: odd })
}

/** The value with one member of it, at some depth, left out, replaced or added. */
function changed(value: unknown, at: number, kind: number, instead: unknown): unknown {
  if (typeof value !== 'object' || value === null) return instead
  const names = Object.keys(value)
  if (kind === 3 || names.length === 0) return { ...value, [['extra', '__proto__x', 'toString', ''][at % 4]!]: instead }
  const name = names[at % names.length]!
  if (kind === 0) return Object.fromEntries(Object.entries(value).filter(([each]) => each !== name))
  const inner = (value as Record<string, unknown>)[name]
  const next = kind === 1 ? instead : changed(inner, at >> 3, kind, instead)
  return Array.isArray(value) ? Object.assign([...value], { [name]: next }) : { ...value, [name]: next }
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? ''
}

function wellFormed(text: string): string {
  return text.toWellFormed()
}
