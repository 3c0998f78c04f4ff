import { parseArgs } from 'node:util'
import type { CliIo } from './io.ts'
import { signedIn } from './session.ts'

/** `antin issue [--agency CODE]`: asks for cards for everybody below the agency who has none; another person approves. */
export async function issue(args: string[], io: CliIo): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { agency: { type: 'string', default: 'G09' }, as: { type: 'string' }, url: { type: 'string' }, json: { type: 'boolean' } },
  })
  const api = await signedIn(io, { as: values.as, url: values.url })
  const answer = await api.post<{ requestId: string | null; requested: number; refused: { officerId: string; code: string }[] }>(
    '/api/card-requests',
    {
      agency: values.agency,
    },
  )
  if (values.json) io.out(JSON.stringify(answer))
  else {
    for (const [code, people] of Map.groupBy(answer.refused, one => one.code)) io.out(`Left out: ${people.length} (${code})`)
    io.out(`Requested: ${answer.requested}`)
    if (answer.requestId) io.out(`Request ${answer.requestId} waits for another person: antin approve ${answer.requestId}`)
  }
  return answer.requestId ? 0 : 1
}
