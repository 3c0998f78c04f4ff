import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { AppError } from '../../core/errors.ts'
import { freePort } from '../db/freePort.ts'

export interface DemonstrationPorts {
  web: number
  postgres: number
  chain: number
  provider: number
}

/**
 * The ports of this demonstration on 127.0.0.1: those in `file`, where they are still free, else free ones, remembered there. `web` is
 * as wanted, or as at the first start when nothing is wanted. Throws `config.port` when the web port is taken.
 */
export async function choosePorts(file: string, wantedWeb: number | undefined): Promise<DemonstrationPorts> {
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<DemonstrationPorts>) : {}
  const web = wantedWeb ?? known.web ?? 3000
  if (!(await isFree(web)))
    throw new AppError('config.port', `Port ${web} is taken. Stop what uses it, or choose another: PORT=3001 npm start`)
  const ports = {
    web,
    postgres: await freePort(known.postgres),
    chain: await freePort(known.chain),
    provider: await freePort(known.provider),
  }
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(ports)}\n`)
  return ports
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
