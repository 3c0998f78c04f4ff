import type { Db } from '../db/transaction.ts'
import { agencyTemplateOf } from './agencyTemplateOf.ts'

/** The card template of an agency by default, and whose choice it is. */
export function cardTemplateOf(
  db: Db,
  tree: { ancestors(code: string): readonly string[] },
  agency: string,
): Promise<{ template: string; chosenBy: string | null }> {
  return agencyTemplateOf(db, tree, agency, 'card')
}
