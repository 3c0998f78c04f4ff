import type { Pool } from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { AppError } from '../../../core/errors.ts'
import type { AgencyCode } from '../../../core/identity/agencyCode.ts'
import type { AgencyTree } from '../../agencies/agencyTree.ts'
import { recordAudit } from '../../audit/auditTable.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { FieldCipher } from '../../keys/fieldCipher.ts'
import type { Template } from '../render/template.ts'
import { assertCardsFit } from './assertCardsFit.ts'
import { cardsToPrint, insertPrintJob, lockPlastics, type PlasticState, type PrintLayout, updatePlastics } from './printJobsTable.ts'

export interface PrintDeps {
  pool: Pool
  cipher: FieldCipher
}

type Printer = { sub: string; name: string }

const maxCards = 10_000

/**
 * Begins a print run: of the given serials, or of everything that waits in the agency and below. Each card gets a piece of plastic that waits. A
 * card printed before needs `reason`. Throws `print.empty`, `print.reason`, `print.not-waiting` (ended, suspended, or has its plastic), and
 * `render.*` for a card that the template does not hold, unless a bureau draws it.
 */
export async function createPrintJob(
  deps: PrintDeps,
  input: {
    printer: Printer
    agency: AgencyCode
    serials?: readonly string[] | undefined
    tree: Pick<AgencyTree, 'get' | 'subtree'>
    layout: PrintLayout
    template: Template
    reason?: string | undefined
  },
): Promise<{ id: string; total: number }> {
  const wanted = input.serials ? [...new Set(input.serials)] : null
  const agencies = input.tree.subtree(input.agency)
  const queued = await cardsToPrint(deps.pool, agencies, maxCards, wanted)
  if (input.layout !== 'bureau') await assertCardsFit(input.template, queued, code => input.tree.get(code)?.nameVi ?? code)
  return inTransaction(deps.pool, async tx => {
    const serials = queued.map(card => card.serial)
    const cards = await cardsToPrint(tx, agencies, maxCards, serials)
    if (cards.length === 0) throw new AppError('print.empty')
    if (wanted && cards.length !== wanted.length) {
      const found = new Set(cards.map(card => card.serial))
      throw new AppError('print.not-waiting', `Card ${wanted.find(serial => !found.has(serial))} is not waiting to be printed`)
    }
    const again = cards.filter(card => card.printedBefore)
    if (again.length > 0 && !input.reason)
      throw new AppError('print.reason', `Card ${again[0]!.serial} was printed before: say why it is printed again`)
    const id = uuidv7()
    await insertPrintJob(
      tx,
      {
        id,
        agencyCode: input.agency,
        layout: input.layout,
        template: input.template.name,
        maker: input.printer.sub,
        makerName: input.printer.name,
        reason: input.reason ? deps.cipher.seal(input.reason) : null,
        total: cards.length,
      },
      cards.map(card => ({ id: uuidv7(), cardRef: card.ref })),
    )
    await recordAudit(tx, {
      actor: input.printer,
      action: 'print.started',
      agency: input.agency,
      subject: `print:${id}`,
      detail: { cards: cards.length, again: again.length, layout: input.layout, template: input.template.name },
    })
    return { id, total: cards.length }
  })
}

/** From which states a piece of plastic may come to each. */
const comesFrom: Record<PlasticState, readonly PlasticState[]> = {
  waiting: [],
  printed: ['waiting'],
  spoilt: ['waiting', 'printed'],
  delivered: ['printed'],
  returned: ['delivered'],
  destroyed: ['returned', 'spoilt', 'printed'],
  lost: ['printed', 'delivered', 'returned'],
}

/**
 * Records what became of pieces of plastic: printed (with the blank's number), spoilt, delivered, returned, destroyed, lost; all or none.
 * Throws `print.not-found`, `print.state.conflict`, `print.blank.conflict`, `print.reason` (spoilt and lost need a note).
 */
export async function changePlastics(
  deps: PrintDeps,
  input: {
    printer: Printer
    agencyOf: (usingCode: string) => void
    state: PlasticState
    plastics: readonly { id: string; blankNumber?: string | undefined }[]
    note?: string | undefined
  },
): Promise<number> {
  if ((input.state === 'spoilt' || input.state === 'lost') && !input.note) throw new AppError('print.reason', 'Say what happened')
  const blanks = new Map(input.plastics.map(plastic => [plastic.id, plastic.blankNumber]))
  return inTransaction(deps.pool, async tx => {
    const rows = await lockPlastics(tx, [...blanks.keys()])
    if (rows.length === 0 || rows.length !== blanks.size) throw new AppError('print.not-found')
    for (const row of rows) {
      input.agencyOf(row.usingCode)
      if (!comesFrom[input.state].includes(row.state))
        throw new AppError('print.state.conflict', `The plastic of ${row.serial} is ${row.state}`)
    }
    const note = input.note ? deps.cipher.seal(input.note) : undefined
    try {
      await updatePlastics(
        tx,
        rows.map(row => ({ id: row.id, state: input.state, blankNumber: blanks.get(row.id), note })),
      )
    } catch (cause) {
      if ((cause as { constraint?: string }).constraint === 'plastics_blank')
        throw new AppError('print.blank.conflict', undefined, { cause })
      throw cause
    }
    await recordAudit(
      tx,
      rows.map(row => ({
        actor: input.printer,
        action: `print.${input.state}`,
        agency: row.usingCode,
        subject: `card:${row.serial}`,
        detail: { plastic: row.id, ...(blanks.get(row.id) ? { blank: blanks.get(row.id) } : {}) },
      })),
    )
    return rows.length
  })
}
