// Writes test/vectors/antin anew; run it with Node after a change of the cases, and read the difference before committing it.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeCrypto } from '../../../server/keys/nodeCrypto.ts'
import { makeCases } from './cases.ts'
import { runCase } from './runCase.ts'
import { fileName, publish, vectorFolder } from './vectorFile.ts'

for (const folder of ['cases', 'files']) {
  rmSync(join(vectorFolder, folder), { recursive: true, force: true })
  mkdirSync(join(vectorFolder, folder), { recursive: true })
}
const store = (bytes: Uint8Array) => {
  const name = fileName(bytes)
  writeFileSync(join(vectorFolder, 'files', name), bytes)
  return name
}
for (const one of await makeCases()) {
  const vector = publish(one, await runCase(one, nodeCrypto), store)
  writeFileSync(join(vectorFolder, 'cases', `${one.name}.json`), `${JSON.stringify(vector, null, 2)}\n`)
}
