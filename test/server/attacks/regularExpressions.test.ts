import { globSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parseSync } from '@swc/core'

const length = 12_000
/** A linear pattern takes well under a millisecond for 12,000 characters, a quadratic one hundreds. */
const allowedMs = 30

/**
 * Patterns that are more than linear, and why no input makes that count. What is here is never given more than the bound.
 */
const bounded: Record<string, string> = {
  '/(\\/log)?\\/*$/': 'the operator’s own argument',
  '/\\/+$/': 'the operator’s own argument',
  '/(\\d+) 0 R\\b/g': 'a PDF that Typst has just written here',
  '/[\\0 ]+$/': 'the label of a token, 32 characters',
  '/=+$/': 'after its form was checked: two at most',
}

interface Literal {
  readonly file: string
  readonly pattern: string
  readonly flags: string
}

const files = globSync(['core/**/*.ts', 'server/**/*.ts', 'web/**/*.ts', 'cli/**/*.ts'], { cwd: new URL('../../../', import.meta.url) })

function literalsOf(file: string): Literal[] {
  const found: Literal[] = []
  const visit = (node: unknown): void => {
    if (node === null || typeof node !== 'object') return
    const { type, pattern, flags } = node as { type?: string; pattern?: string; flags?: string }
    if (type === 'RegExpLiteral') found.push({ file, pattern: pattern!, flags: flags! })
    for (const value of Object.values(node)) visit(value)
  }
  visit(parseSync(readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8'), { syntax: 'typescript' }))
  return found
}

/** Strings on which a pattern that can go back does so: a piece that it may repeat, many times, then what it cannot end with. */
function* adversaries(pattern: string): Generator<string> {
  const literal = [...new Set(pattern.replace(/\\[dwsSWDbBpPuxk]|[[\](){}?*+|^$.\\]/g, ''))].slice(0, 24)
  const pieces = new Set([
    'a',
    '0',
    ' ',
    '\n',
    '\t',
    '-',
    '.',
    ',',
    '/',
    '<',
    '"',
    '(',
    '%',
    '=',
    ';',
    'à',
    'A',
    '_',
    '[',
    '\\',
    'a ',
    'a.',
    'a-',
    '0 ',
    '/a',
    ' \n',
    'a0',
    ...literal,
  ])
  for (const one of literal) for (const other of ['a', '0', ' ']) pieces.add(one + other)
  // What the pattern begins with, so that the search for a start is not all that is tried.
  const starts = new Set(['', pattern.replace(/^\^/, '').match(/^[^[\](){}?*+|^$.\\]+/)?.[0] ?? ''])
  for (const start of starts)
    for (const piece of pieces) for (const end of ['', '\u0000', '!']) yield start + piece.repeat(Math.ceil(length / piece.length)) + end
}

test('no regular expression of ours takes more than linear time on input', () => {
  const literals = new Map(files.flatMap(literalsOf).map(one => [`/${one.pattern}/${one.flags}`, one]))
  expect(literals.size).toBeGreaterThan(100)
  const slow: string[] = []
  for (const [text, { pattern, flags, file }] of literals) {
    const expression = new RegExp(pattern, flags.replace('y', ''))
    for (const input of adversaries(pattern)) {
      const run = () => {
        const start = performance.now()
        input.replace(expression, '')
        return performance.now() - start
      }
      // Again where it seems slow: a busy machine is no slow pattern.
      let least = run()
      for (let i = 0; i < 20 && least > allowedMs; i++) least = Math.min(least, run())
      if (least > allowedMs) {
        if (!(text in bounded)) slow.push(`${file}: ${text} took ${Math.round(least)} ms on ${JSON.stringify(input.slice(0, 12))}…`)
        break
      }
    }
  }
  expect(slow).toEqual([])
})

test('the scan sees a pattern that goes back', () => {
  const input = [...adversaries('\\s+$')].find(text => text.startsWith('  ') && text.endsWith('!'))!
  const start = performance.now()
  expect(/\s+$/.test(input)).toBe(false)
  expect(performance.now() - start).toBeGreaterThan(allowedMs)
})
