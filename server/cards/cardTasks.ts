import { vietnamDay } from '../../core/encoding/vietnamDay.ts'
import type { AgencyCode } from '../../core/identity/agencyCode.ts'
import { recordAudit } from '../audit/auditTable.ts'
import type { Db } from '../db/transaction.ts'
import type { Task } from '../jobs/worker.ts'
import { expireCards, expiringUnreminded } from './cardsTable.ts'
import { type CardDeps, requestReplacements } from './requestCards.ts'

const reminderDays = 60

/** Jobs of cards that a clock starts: ending expired cards, reminding once 60 days before, and asking for new ones where a person's data moved on. */
export function cardTasks(deps: CardDeps & { levelOneOf: (agency: string) => AgencyCode }): Record<string, Task> {
  return {
    async expireCards() {
      for (;;) {
        const ended = await expireCards(deps.pool, 1000)
        await recordAudit(
          deps.pool,
          ended.map(card => ({ actor: 'system' as const, action: 'card.expired', agency: card.usingCode, subject: `card:${card.serial}` })),
        )
        if (ended.length < 1000) return
      }
    },
    async remindExpiring() {
      for (;;) {
        const expiring = await expiringUnreminded(deps.pool, reminderDays, 1000)
        await recordAudit(
          deps.pool,
          expiring.map(card => ({
            actor: 'system' as const,
            action: 'card.expiring',
            agency: card.usingCode,
            subject: `card:${card.serial}`,
            detail: { on: vietnamDay(card.expiresAt.getTime() / 1000) },
          })),
        )
        if (expiring.length < 1000) return
      }
    },
    async proposeReplacements() {
      const outdated = await outdatedHolders(deps.pool)
      for (const [agency, officerIds] of Map.groupBy(outdated, one => deps.levelOneOf(one.agencyCode))) {
        await requestReplacements(deps, {
          maker: { sub: 'system', name: 'Hệ thống' },
          agency,
          officerIds: officerIds.map(one => one.id),
          reasonCode: 'DOI_THONG_TIN',
          reason: 'Dữ liệu cán bộ đã thay đổi sau khi cấp thẻ',
        })
      }
    },
  }
}

/** Holders whose card no longer says what their data say, and for whom nothing is pending. */
async function outdatedHolders(db: Db): Promise<{ id: string; agencyCode: string }[]> {
  const { rows } = await db.query<{ id: string; agencyCode: string }>(
    `select o.id, o.agency_code as "agencyCode" from cards c join officers o on o.id = c.officer_id
     where c.ended_as is null and o.left_at is null
       and (c.full_name, c.position, c.using_code, c.category, c.photo_digest)
         is distinct from (o.full_name, coalesce(nullif(o.position, ''), o.title), o.agency_code, o.category, o.photo_digest)
       and not exists (select from request_items i join requests r on r.id = i.request_id
         where i.officer_id = o.id and i.state in ('pending', 'approved') and r.status in ('pending', 'approved', 'running'))
     order by o.id limit 10000`,
  )
  return rows
}
