import { readFileSync } from 'node:fs'

/** Real exchanges by operation id, shortened; test/server/api/document.test.ts makes them and holds them against what is answered. */
export interface ApiExample {
  readonly request?: unknown
  /** By status. */
  readonly responses?: Readonly<Record<string, unknown>>
}

export const apiExamples = JSON.parse(readFileSync(new URL('apiExamples.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, ApiExample>
>
