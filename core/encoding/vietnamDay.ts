const vietnamOffset = 7 * 3600
const lastSecond = 253_402_300_799

/** The day of Vietnam (UTC+7, no summer time) in which `time` (seconds) lies, as `YYYY-MM-DD`; seconds beyond the year 9999 as they are. */
export function vietnamDay(time: number): string {
  const local = time + vietnamOffset
  return local >= 0 && local <= lastSecond ? new Date(local * 1000).toISOString().slice(0, 10) : String(time)
}

/** The last second of a day of Vietnam (`YYYY-MM-DD`), in seconds since 1970-01-01 UTC (formats, preamble). */
export function endOfVietnamDay(day: string): number {
  return Date.parse(`${day}T23:59:59+07:00`) / 1000
}
