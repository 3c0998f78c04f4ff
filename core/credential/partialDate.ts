/** A date as far as it is known: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`. */
export type PartialDate = string

/** Whether the text is such a date and its day exists. */
export function isPartialDate(text: string): text is PartialDate {
  const parts = /^([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?$/.exec(text)
  if (parts === null) return false
  const [, year, month, day] = parts
  if (month === undefined) return true
  if (Number(month) < 1 || Number(month) > 12) return false
  if (day === undefined) return true
  const lastDay = new Date(0)
  lastDay.setUTCFullYear(Number(year), Number(month), 0)
  return Number(day) >= 1 && Number(day) <= lastDay.getUTCDate()
}
