import { writtenDate } from '../../core/encoding/writtenDate.ts'
import type { Language } from './texts.ts'

type Time = Date | string | number | null | undefined

const parts = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Asia/Ho_Chi_Minh',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})

function split(value: Time): Record<string, string> | null {
  if (value === null || value === undefined || value === '') return null
  const date = value instanceof Date ? value : new Date(value)
  if (Number.isNaN(date.getTime())) return null
  return Object.fromEntries(parts.formatToParts(date).map(part => [part.type, part.value]))
}

/** `dd/mm/yyyy` in Vietnam; a plain date (`YYYY`, `YYYY-MM`, `YYYY-MM-DD`) keeps its precision; empty without a value. */
export function formatDate(value: Time): string {
  if (typeof value === 'string' && /^\d{4}(-\d\d){0,2}$/.test(value)) return writtenDate(value)
  // What somebody typed into a form is shown to them as they typed it.
  if (typeof value === 'string' && !/^\d{4}-\d\d-\d\dT/.test(value)) return value
  const part = split(value)
  return part ? `${part.day}/${part.month}/${part.year}` : ''
}

/** `dd/mm/yyyy HH:MM` in Vietnam; empty without a value. */
export function formatDateTime(value: Time): string {
  const part = split(value)
  return part ? `${part.day}/${part.month}/${part.year} ${part.hour}:${part.minute}` : ''
}

/** 1.538 in Vietnamese, 1,538 in English. */
export function formatNumber(value: number, lang: Language): string {
  return new Intl.NumberFormat(lang === 'vi' ? 'vi-VN' : 'en-GB').format(value)
}

/** "3 phút trước", "in 2 days". */
export function formatRelative(value: Time, now: number, lang: Language): string {
  if (value === null || value === undefined) return ''
  const seconds = (new Date(value).getTime() - now) / 1000
  const format = new Intl.RelativeTimeFormat(lang, { numeric: 'auto' })
  const size = Math.abs(seconds)
  if (size < 59.5) return format.format(Math.round(seconds), 'second')
  if (size < 3600) return format.format(Math.round(seconds / 60), 'minute')
  if (size < 86_400) return format.format(Math.round(seconds / 3600), 'hour')
  return format.format(Math.round(seconds / 86_400), 'day')
}
