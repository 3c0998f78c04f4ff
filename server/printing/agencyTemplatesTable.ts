import type { Db, Tx } from '../db/transaction.ts'

/** The card template that an agency chose for itself. */
export interface AgencyTemplateRow {
  agencyCode: string
  template: string
  changedAt: Date
}

/** What the agencies of the list chose for themselves. */
export async function readAgencyTemplates(db: Db, agencies: readonly string[]): Promise<AgencyTemplateRow[]> {
  const { rows } = await db.query<AgencyTemplateRow>(
    `select agency_code as "agencyCode", template, changed_at as "changedAt" from agency_templates where agency_code = any($1) order by agency_code`,
    [agencies],
  )
  return rows
}

export async function upsertAgencyTemplate(tx: Tx, agency: string, template: string): Promise<void> {
  await tx.query(
    `insert into agency_templates (agency_code, template) values ($1, $2)
     on conflict (agency_code) do update set template = excluded.template, changed_at = now()`,
    [agency, template],
  )
}

/** From now on the agency follows the one above it. */
export async function deleteAgencyTemplate(tx: Tx, agency: string): Promise<void> {
  await tx.query('delete from agency_templates where agency_code = $1', [agency])
}
