/** The text of docs/errors.md for a table of codes and the status that HTTP gives each. */
export function errorsDocument<T extends string>(codes: Record<T, string>, statusOf: (code: T) => number): string {
  const rows = (Object.keys(codes) as T[]).sort().map(code => `| \`${code}\` | ${statusOf(code)} | ${codes[code]} |`)
  return `# Error codes

Every error that leaves the API is \`application/problem+json\` (RFC 9457) with one of these codes; codes stay, sentences may change. A negative verdict of a verification is no error: its codes are those of the report's checks.

| code | HTTP | meaning |
| --- | --- | --- |
${rows.join('\n')}
`
}
