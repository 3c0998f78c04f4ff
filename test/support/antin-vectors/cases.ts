import { addAnchors } from './anchorCases.ts'
import { addCards } from './cardCases.ts'
import { addDiplomas } from './diplomaCases.ts'
import { addFormats } from './formatCases.ts'
import { addIssuers } from './issuerCases.ts'
import { addLogs } from './logCases.ts'
import { addSdJwts } from './sdJwtCases.ts'
import { addStatuses } from './statusCases.ts'
import { addTimes } from './timeCases.ts'
import { addTrust } from './trustCases.ts'
import type { Draft, VectorCase } from './vectorCase.ts'
import { makeWorld, now } from './world.ts'

/** All cases of the published set, in order; the same on every run. */
export async function makeCases(): Promise<VectorCase[]> {
  const world = await makeWorld()
  const files = await world.files()
  const cases: VectorCase[] = []
  const add = ({ name, shows, expect, sealed = new Uint8Array(0), photo, document, ...more }: Draft) => {
    cases.push({
      name,
      shows,
      expect,
      input: { sealed, photo, document },
      kind: 'card',
      policy: 'standard',
      now,
      trustRoot: world.pin,
      files,
      online: true,
      unreachable: [],
      ...more,
    })
  }
  await addCards(add, world, files)
  await addFormats(add, world)
  await addIssuers(add, world, files)
  await addTrust(add, world, files)
  await addStatuses(add, world, files)
  await addTimes(add, world, files)
  await addDiplomas(add, world, files)
  await addLogs(add, world, files)
  await addAnchors(add, world, files)
  await addSdJwts(add, world, files)
  return cases
}
