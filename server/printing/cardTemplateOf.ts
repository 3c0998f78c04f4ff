import type { Db } from '../db/transaction.ts'
import { readAgencyTemplates } from './agencyTemplatesTable.ts'

/** The template of QĐ 838, for agencies that chose nothing. */
export const officialTemplate = 'the-cong-chuc-838'

/** The card template of an agency by default, and whose choice it is: the agency's own, else that of the nearest above it, else the official one. */
export async function cardTemplateOf(
  db: Db,
  tree: { ancestors(code: string): readonly string[] },
  agency: string,
): Promise<{ template: string; chosenBy: string | null }> {
  const line = [agency, ...tree.ancestors(agency)]
  const rows = await readAgencyTemplates(db, line)
  const chosenBy = line.find(code => rows.some(row => row.agencyCode === code)) ?? null
  return { template: rows.find(row => row.agencyCode === chosenBy)?.template ?? officialTemplate, chosenBy }
}
