import type { Db, Tx } from '../db/transaction.ts'
import type { TemplateUse } from './render/template.ts'

/** A template that an agency chose for itself. */
export interface AgencyTemplateRow {
  agencyCode: string
  use: TemplateUse
  template: string
  changedAt: Date
}

/** What the agencies of the list chose for themselves. */
export async function readAgencyTemplates(db: Db, agencies: readonly string[]): Promise<AgencyTemplateRow[]> {
  const { rows } = await db.query<AgencyTemplateRow>(
    `select agency_code as "agencyCode", use, template, changed_at as "changedAt" from agency_templates where agency_code = any($1) order by agency_code, use`,
    [agencies],
  )
  return rows
}

export async function upsertAgencyTemplate(tx: Tx, agency: string, use: TemplateUse, template: string): Promise<void> {
  await tx.query(
    `insert into agency_templates (agency_code, use, template) values ($1, $2, $3)
     on conflict (agency_code, use) do update set template = excluded.template, changed_at = now()`,
    [agency, use, template],
  )
}

/** From now on the agency follows the one above it. */
export async function deleteAgencyTemplate(tx: Tx, agency: string, use: TemplateUse): Promise<void> {
  await tx.query('delete from agency_templates where agency_code = $1 and use = $2', [agency, use])
}
