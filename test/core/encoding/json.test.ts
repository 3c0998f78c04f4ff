import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { toHex } from '../../../core/encoding/bytes.ts'
import { canonicalJson } from '../../../core/encoding/canonicalJson.ts'
import { parseJson } from '../../../core/encoding/strictJson.ts'
import { thrownCode } from '../../support/thrownCode.ts'

const rfc8785 = JSON.parse(readFileSync(`${import.meta.dirname}/../../vectors/rfc/rfc8785.json`, 'utf8'))

test('RFC 8785 3.2.2 to 3.2.4: the sample object, its canonical text and its bytes', () => {
  const sample = parseJson(rfc8785['3.2.2'].input)
  expect(canonicalJson(sample)).toBe(rfc8785['3.2.3'].canonical)
  expect(toHex(Buffer.from(canonicalJson(sample)))).toBe(rfc8785['3.2.4'].hex.replaceAll(' ', ''))
})

test('RFC 8785 3.2.3: names are sorted by UTF-16 code units', () => {
  const { input, values } = rfc8785['3.2.3-sorting']
  expect(Array.from(canonicalJson(input).matchAll(/:"([^"]*)"/g), ([, value]) => value)).toEqual(values)
})

test('RFC 8785 appendix B: numbers', () => {
  for (const [ieee754, text] of rfc8785.B) {
    const value = Buffer.from(ieee754, 'hex').readDoubleBE()
    if (text === null) expect(thrownCode(() => canonicalJson(value))).toBe('encoding.json')
    else expect(canonicalJson(value)).toBe(text)
  }
})

test('what JSON does not hold is refused; an undefined property is left out', () => {
  for (const value of [
    undefined,
    1n,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '\ud800',
    { '\udead': 1 },
    new Map(),
    new Date(0),
    new Uint8Array(1),
    [undefined],
    () => 1,
  ]) {
    expect(thrownCode(() => canonicalJson(value))).toBe('encoding.json')
  }
  expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}')
  expect(canonicalJson(Object.assign(Object.create(null), { a: -0 }))).toBe('{"a":0}')
})

// `parseJson` refuses the name __proto__, whatever it holds.
const withoutProto = fc.jsonValue().filter(value => !JSON.stringify(value).includes('__proto__'))

test('any JSON value has one canonical text, which parses to it', () => {
  fc.assert(
    fc.property(withoutProto, value => {
      const text = canonicalJson(value)
      expect(parseJson(text, 1000)).toEqual(JSON.parse(JSON.stringify(value)))
      expect(canonicalJson(JSON.parse(text))).toBe(text)
    }),
  )
})

test('texts without fault parse as JSON.parse does, with any white space', () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'small' }), fc.constantFrom(undefined, 1, '\t'), (value, space) => {
      const text = JSON.stringify(value, null, space)
      if (text.includes('__proto__')) return
      expect(parseJson(text, 1000)).toEqual(JSON.parse(text))
    }),
  )
})

test('an object with a name twice anywhere is refused, and no other', () => {
  const name = fc.oneof(fc.constantFrom('a', 'b', ':', 'a":', '\\', '{'), fc.string({ maxLength: 3 }))
  const members = fc.array(fc.tuple(name, fc.jsonValue({ maxDepth: 1 })), { maxLength: 5 })
  const textOf = (entries: [string, unknown][]) =>
    `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`
  fc.assert(
    fc.property(members, members, fc.constantFrom('', ' '), (outer, inner, space) => {
      const text = `${textOf(outer).slice(0, -1)}${outer.length > 0 ? ',' : ''}"inner"${space}:${textOf(inner)}}`
      const isTwice = (entries: [string, unknown][], ...more: string[]) => {
        const names = [...more, ...entries.map(([key]) => key)]
        return new Set(names).size < names.length
      }
      if (text.includes('__proto__')) return
      expect(thrownCode(() => parseJson(text))).toBe(isTwice(outer, 'inner') || isTwice(inner) ? 'encoding.json' : 'none')
    }),
    { numRuns: 3000 },
  )
})

test.each([
  '{"a":1,"a":2}',
  '{"a":1,"a":"\\u003a"}',
  '{"a":"::","a":":"}',
  '{"a":1,"a":1}',
  '{"a":1, "a" :2}',
  '{"a":1,"\\u0061":2}',
  '{"a":{"b":1,"c":{"d":1,"d":2}}}',
  '[{"a":1},{"b":1,"b":1}]',
  '{"x":"{","a":1,"a":2}',
  '{"__proto__":{}}',
  '{"\\u005f_proto__":{}}',
  '"\\ud800"',
  '{"a":"\\uDC00x"}',
  '{"\\ud800":1}',
  '"\ud800"',
  '1e999',
  '[-1e400]',
  `1${'0'.repeat(400)}`,
  '{"a":1',
  '{"a"',
  '"',
  '{"a":1}x',
  '',
  'NaN',
  "{'a':1}",
  '\ufeff{}',
  '{"a":1,}',
])('refused: %j', text => {
  expect(thrownCode(() => parseJson(text))).toBe('encoding.json')
})

test('the same name in different objects, and names inside strings, are no repetition', () => {
  for (const text of [
    '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}',
    '{"a":"\\"a\\":1","b":"{\\"a\\":"}',
    '[{"a":1},{"a":1}]',
    '{"a":"x\\\\","b":"\\\\\\""}',
    '{"😀":"\\ud83d\\ude00"}',
  ]) {
    expect(parseJson(text)).toEqual(JSON.parse(text))
  }
})

test('32 levels pass and 33 do not; depth costs no stack', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  expect(thrownCode(() => parseJson(nested(32)))).toBe('none')
  expect(thrownCode(() => parseJson(nested(33)))).toBe('encoding.json')
  expect(thrownCode(() => parseJson('{"a":'.repeat(1_000_000)))).toBe('encoding.json')
  expect(thrownCode(() => parseJson(`[${'[],'.repeat(500)}[]]`))).toBe('none')
})
