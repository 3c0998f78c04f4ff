import type pg from 'pg'
import { z } from 'zod'
import { AppError } from '../../core/errors.ts'
import { type AgencyCode, parseAgencyCode } from '../../core/identity/agencyCode.ts'
import { recordAudit } from '../audit/auditTable.ts'
import { inTransaction, type Tx } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { createRequest } from '../requests/createRequest.ts'
import { addProgress, closeRequest, itemsOf, markItems, requestById } from '../requests/requestsTable.ts'
import { deleteAgencyTemplate, readAgencyTemplates, upsertAgencyTemplate } from './agencyTemplatesTable.ts'
import { installedTemplate } from './render/installedTemplates.ts'
import { type TemplateUse, useOf } from './render/template.ts'

/** The claims of a `template.change` request. Names of templates; null: as the agency above. */
const templateChangeClaims = z.object({
  agency: z.string().transform(parseAgencyCode),
  use: z.enum(['card', 'diploma', 'certificate', 'extract', 'attestation']),
  before: z.string().nullable(),
  template: z.string().nullable(),
})

export interface TemplateChangeDeps {
  pool: pg.Pool
  cipher: FieldCipher
  /** The folder of the installed templates. */
  templatesFolder: string
}

/**
 * Asks that an agency print with this template by default (null: with that of the agency above). Throws `render.template` for none that
 * is for this use, `template.conflict` when it is so already.
 */
export async function requestTemplateChange(
  deps: TemplateChangeDeps,
  input: {
    maker: { sub: string; name: string }
    agency: AgencyCode
    use: TemplateUse
    template: string | null
    reason?: string | undefined
  },
): Promise<string> {
  const { agency, use, template } = input
  if (template !== null) assertTemplateFor(deps, use, template)
  return inTransaction(deps.pool, async tx => {
    const before = await chosenBy(tx, agency, use)
    if (before === template) throw new AppError('template.conflict')
    return createRequest(tx, deps.cipher, {
      kind: 'template.change',
      agency,
      maker: input.maker,
      detail: { use, template: template ?? '' },
      reason: input.reason,
      items: [{ claims: templateChangeClaims.parse({ agency, use, before, template }) }],
    })
  })
}

/** Carries out an approved request; safe to run again at any point. What was changed since it was asked for is void. */
export async function applyTemplateChange(deps: TemplateChangeDeps, requestId: string): Promise<void> {
  const request = await requestById(deps.pool, requestId)
  if (!request) throw new AppError('request.not-found')
  const actor = { sub: request.approver!, name: request.approverName! }
  await inTransaction(deps.pool, async tx => {
    for (const item of await itemsOf(tx, requestId, { state: 'approved', limit: 10 })) {
      const claims = templateChangeClaims.parse(JSON.parse(deps.cipher.open(item.claims).toString('utf8')))
      const { agency, use, before, template } = claims
      const outcome = await faultOf(deps, tx, claims)
      const mark = outcome === null ? ({ state: 'done' } as const) : ({ state: 'failed', outcome } as const)
      if ((await markItems(tx, requestId, 'approved', [{ seq: item.seq, ...mark }])) !== 1) continue
      await addProgress(tx, requestId, outcome === null ? 1 : 0, outcome === null ? 0 : 1)
      if (outcome !== null) continue
      await (template === null ? deleteAgencyTemplate(tx, agency, use) : upsertAgencyTemplate(tx, agency, use, template))
      const detail = { use, ...(template === null ? {} : { template }), ...(before === null ? {} : { before }) }
      await recordAudit(tx, { actor, action: 'template.chosen', agency, subject: `agency:${agency}`, detail })
    }
  })
  await closeRequest(deps.pool, requestId)
}

/** Why a change cannot be carried out any more: the code of what is wrong, or null. */
async function faultOf(
  deps: TemplateChangeDeps,
  tx: Tx,
  { agency, use, before, template }: z.infer<typeof templateChangeClaims>,
): Promise<string | null> {
  if ((await chosenBy(tx, agency, use)) !== before) return 'template.conflict'
  try {
    if (template !== null) assertTemplateFor(deps, use, template)
    return null
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}

async function chosenBy(tx: Tx, agency: string, use: TemplateUse): Promise<string | null> {
  return (await readAgencyTemplates(tx, [agency])).find(row => row.use === use)?.template ?? null
}

function assertTemplateFor({ templatesFolder }: TemplateChangeDeps, use: TemplateUse, name: string): void {
  if (useOf(installedTemplate(name, templatesFolder)) !== use) throw new AppError('render.template', `${name} is not for: ${use}`)
}
