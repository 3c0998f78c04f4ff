import { lookup } from 'node:dns/promises'
import { createServer, type Server } from 'node:net'
import { expect, test } from '@jest/globals'
import { explainError } from '../../cli/explainError.ts'
import type { CliIo } from '../../cli/io.ts'
import { freePort } from '../../server/db/freePort.ts'
import { createPool } from '../../server/db/pool.ts'

/** What is said of an error that really happened, and the exit code. */
async function saidOf(fails: () => Promise<unknown>): Promise<string> {
  const lines: string[] = []
  const io = { env: {}, err: (line: string) => lines.push(line) } as unknown as CliIo
  const error = await fails().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(explainError(error, 'x', io)).toBe(1)
  return lines.join('\n')
}

test('what does not answer, and a name that nobody has, are named with what to look at', async () => {
  const pool = createPool('postgres://antin@127.0.0.1:9/x', { max: 1 })
  expect(await saidOf(() => pool.query('select 1'))).toMatch(/^Nothing answers at 127\.0\.0\.1:9\..*antin doctor/)
  await pool.end()
  const port = await freePort()
  expect(await saidOf(() => fetch(`http://localhost:${port}`))).toMatch(`:${port}. Does what should be there run`)
  expect(await saidOf(() => lookup('no-such-host.invalid'))).toMatch('no-such-host.invalid')
})

test('a port that is taken is named with the setting', async () => {
  const listen = (port: number) =>
    new Promise<Server>((resolve, reject) => {
      const server = createServer()
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => resolve(server))
    })
  const server = await listen(0)
  const { port } = server.address() as { port: number }
  expect(await saidOf(() => listen(port))).toMatch(`Port ${port} of 127.0.0.1 is taken`)
  server.close()
})
