import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Clocks that are moved while processes run. */
export interface FakeClocks {
  /** What a process is started with, so that `set` moves its clock. */
  env(name: string): Record<string, string>
  set(name: string, seconds: number): void
}

const faketime = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1'

/** By libfaketime, which reads each clock from a file in `home`; null where it is not installed. */
export function fakeClocks(home: string): FakeClocks | null {
  if (!existsSync(faketime)) return null
  const fileOf = (name: string) => join(home, `clock-${name.replaceAll(' ', '-')}`)
  const set = (name: string, seconds: number) => writeFileSync(fileOf(name), `${seconds < 0 ? '' : '+'}${seconds}`)
  return {
    set,
    env(name) {
      set(name, 0)
      return {
        LD_PRELOAD: faketime,
        FAKETIME_TIMESTAMP_FILE: fileOf(name),
        FAKETIME_CACHE_DURATION: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      }
    },
  }
}
