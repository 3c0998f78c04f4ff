import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const schema = z.object({
  url: z.string(),
  trustRoot: z.string(),
  signIns: z.array(z.object({ role: z.string(), username: z.string(), password: z.string() })),
  chain: z.object({ rpc: z.string(), contract: z.string(), chainId: z.number() }).nullable(),
})

export type Demonstration = z.infer<typeof schema>

/** The demonstration that `antin start` described here in `demo.json`; null where there is none. */
export function readDemonstration(env: NodeJS.ProcessEnv): Demonstration | null {
  try {
    return schema.parse(JSON.parse(readFileSync(join(env.ANTIN_HOME || '.antin', 'demo.json'), 'utf8')))
  } catch {
    return null
  }
}
