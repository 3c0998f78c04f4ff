/** Seconds added to every comparison with now, ages included (formats, first paragraph). */
export const skew = 120

/** Online evidence this young, in seconds, speaks for now. */
export const onlineAge = 15 * 60

const day = 24 * 3600

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

/** `isOlderThan` for 24 hours. */
export function isOlderThanDay(time: number, now: number): boolean {
  return isOlderThan(time, day, now)
}
