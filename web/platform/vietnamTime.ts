/** Seconds as `dd/mm/yyyy` in Vietnam (UTC+7), without the platform's time zone data, which old phones lack. */
export function dayText(seconds: number): string {
  const [year, month, day] = isoParts(seconds)
  return `${day}/${month}/${year}`
}

/** Seconds as `HH:MM dd/mm/yyyy` in Vietnam; of today only `HH:MM`. */
export function timeText(seconds: number, now?: number): string {
  const [, , , hour, minute] = isoParts(seconds)
  const day = dayText(seconds)
  return now !== undefined && dayText(now) === day ? `${hour}:${minute}` : `${hour}:${minute} ${day}`
}

function isoParts(seconds: number): string[] {
  const time = new Date((seconds + 7 * 3600) * 1000)
  return Number.isNaN(time.getTime()) ? ['', '', '', '', ''] : time.toISOString().split(/[-T:]/)
}
