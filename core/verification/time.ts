/** Seconds added to every comparison with now, ages included (formats, first paragraph). */
export const skew = 120

/** Online evidence this young, in seconds, speaks for now. */
export const onlineAge = 15 * 60

const day = 24 * 3600
const vietnamOffset = 7 * 3600
const lastSecond = 253_402_300_799

/** Whether `time` lies after now, skew allowed for. */
export function isFuture(time: number, now: number): boolean {
  return time > now + skew
}

/** Whether `end`, itself included, is over, skew allowed for. */
export function isPast(end: number, now: number): boolean {
  return now > end + skew
}

/** Whether what was made at `time` is older than `age` seconds, skew allowed for. */
export function isOlderThan(time: number, age: number, now: number): boolean {
  return now - time > age + skew
}

export function isOlderThanDay(time: number, now: number): boolean {
  return isOlderThan(time, day, now)
}

/** The day in Vietnam (UTC+7) as `YYYY-MM-DD`; seconds beyond the year 9999 as they are. */
export function vietnamDay(time: number): string {
  const local = time + vietnamOffset
  return local >= 0 && local <= lastSecond ? new Date(local * 1000).toISOString().slice(0, 10) : String(time)
}
