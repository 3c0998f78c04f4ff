import { writtenDate } from '../../../core/encoding/writtenDate.ts'
import { type Cell, cellText } from '../cell.ts'
import type { RowFindings } from '../rowFindings.ts'

/** ISO 8601 calendar date, or, where `partial` allows it, its month (`1998-06`) or year (`1998`). */
export type IsoDate = string

export interface DateRule {
  /** First and last day allowed, ISO. */
  from: IsoDate
  to: IsoDate
  /** Old records: a month or a year instead of a day. */
  partial?: boolean
}

/**
 * A date cell, a serial number, `dd/mm/yyyy` (also with - or .), or ISO. '' when empty, null when refused. A serial number
 * counts only where it falls inside the rule.
 */
export function readDate(cell: Cell | undefined, column: string, rule: DateRule, findings: RowFindings): IsoDate | null {
  const shown = cellText(cell).trim()
  if (shown === '' && !(cell instanceof Date)) return ''
  const date = cell instanceof Date ? isoOfDate(cell) : parse(cell, shown, rule)
  if (date === null || date === 'impossible') {
    findings.add(date === null ? 'import.date.form' : 'import.date.impossible', column, shown)
    return null
  }
  if (date.slice(0, rule.from.length) < rule.from.slice(0, date.length) || date > rule.to) {
    findings.add('import.date.range', column, shown, { other: `${writtenDate(rule.from)} – ${writtenDate(rule.to)}` })
    return null
  }
  if (!(cell instanceof Date) && /^\d{5}(\.\d+)?$/.test(shown)) findings.add('import.date.serial', column, shown, { to: writtenDate(date) })
  return date
}

function parse(cell: Cell | undefined, shown: string, rule: DateRule): IsoDate | 'impossible' | null {
  if (typeof cell === 'number' && rule.partial && Number.isInteger(cell) && cell >= 1900 && cell <= 2200) return String(cell)
  if (/^\d{5}(\.\d+)?$/.test(shown)) {
    const date = isoOfDate(new Date((Math.floor(Number(shown)) - 25_569) * 86_400_000))
    return date !== null && date >= rule.from && date <= rule.to ? date : null
  }
  const text = shown.replace(/[T ]00:00(:00(\.0+)?)?Z?$/, '')
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text)
  if (iso) return calendarDay(iso[1]!, iso[2]!, iso[3]!)
  const local = /^(\d{1,2})\s?[/.-]\s?(\d{1,2})\s?[/.-]\s?(\d{4})$/.exec(text)
  if (local) return calendarDay(local[3]!, local[2]!, local[1]!)
  if (!rule.partial) return null
  const month = /^(\d{1,2})\s?[/.-]\s?(\d{4})$/.exec(text)
  if (month) return calendarMonth(month[2]!, month[1]!)
  const isoMonth = /^(\d{4})-(\d{1,2})$/.exec(text)
  if (isoMonth) return calendarMonth(isoMonth[1]!, isoMonth[2]!)
  return /^(19|20)\d\d$/.test(text) ? text : null
}

function calendarDay(year: string, month: string, day: string): IsoDate | 'impossible' {
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  const parsed = new Date(`${date}T00:00:00Z`)
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date) ? date : 'impossible'
}

function calendarMonth(year: string, month: string): IsoDate | 'impossible' {
  return Number(month) >= 1 && Number(month) <= 12 ? `${year}-${month.padStart(2, '0')}` : 'impossible'
}

// Some programs store midnight a little early; the day is the nearest midnight's when it is within a minute.
function isoOfDate(date: Date): IsoDate | null {
  const time = date.getTime()
  if (!(Math.abs(time) < 8e12)) return null // beyond some 250 years around 1970: no date of a person or a paper
  return new Date(time + 60_000).toISOString().slice(0, 10)
}
