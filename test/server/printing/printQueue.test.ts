import { expect, test } from '@jest/globals'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import { cardsToPrint } from '../../../server/printing/jobs/printJobsTable.ts'
import { makeConsoleObjects } from '../../support/consoleObjects.ts'
import { useDatabase } from '../../support/database.ts'
import { makeMinistry } from '../../support/ministry.ts'
import { testCipher } from '../../support/testCipher.ts'

const db = useDatabase()

test('within a day and a unit the queue is in the order of a Vietnamese dictionary', async () => {
  const names = ['Ánh Thị Mai', 'Bùi Văn An', 'Dương Văn An', 'Đặng Văn An', 'Ê Ban Y Phu', 'Hoa Văn An', 'Hòa Văn An', 'Vũ Văn An']
  const units = names.map((_, at) => `G09.0${at + 1}` as AgencyCode)
  await makeMinistry(db.pool, units.length)
  for (const [at, name] of names.toReversed().entries()) {
    const { serial } = await makeConsoleObjects(db.pool, testCipher(), units[at]!)
    await db.pool.query("update cards set full_name = $2, using_code = 'G09' where serial = $1", [serial, name])
  }
  expect((await cardsToPrint(db.pool, ['G09'], 100)).map(card => card.fullName)).toEqual(names)
})
