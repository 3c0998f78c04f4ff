import type { Db } from '../db/transaction.ts'
import { readAgencyTemplates } from './agencyTemplatesTable.ts'
import type { TemplateUse } from './render/template.ts'

/** The templates for agencies that chose nothing. */
const officialTemplates: Record<TemplateUse, string> = {
  card: 'the-cong-chuc-838',
  diploma: 'van-bang',
  certificate: 'chung-chi',
  extract: 'ban-sao-tu-so-goc',
  attestation: 'trang-xac-nhan',
}

/** An agency's default template for a use, and whose choice it is: the agency's own, else that of the nearest above it, else the official one. */
export async function agencyTemplateOf(
  db: Db,
  tree: { ancestors(code: string): readonly string[] },
  agency: string,
  use: TemplateUse,
): Promise<{ template: string; chosenBy: string | null }> {
  const line = [agency, ...tree.ancestors(agency)]
  const rows = (await readAgencyTemplates(db, line)).filter(row => row.use === use)
  const chosenBy = line.find(code => rows.some(row => row.agencyCode === code)) ?? null
  return { template: rows.find(row => row.agencyCode === chosenBy)?.template ?? officialTemplates[use], chosenBy }
}
