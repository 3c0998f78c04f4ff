import type { Add } from './vectorCase.ts'
import { day, type Files, hour, minute, now, type World } from './world.ts'

export async function addTimes(add: Add, world: World, files: Files) {
  const exp = Date.UTC(2026, 2, 11, 16, 59, 59) / 1000
  const short = await world.card('short', { exp: now - 120, iat: now - 100 * day })
  add({
    name: 'time-expired',
    shows: 'Expired since 12/03/2026',
    sealed: await world.card('expired', { exp, iat: now - 150 * day }),
    expect: { verdict: 'invalid', validity: 'validity.expired' },
  })
  add({
    name: 'time-last-second',
    shows: 'exp and the skew of 120 s, both included',
    sealed: short,
    expect: { verdict: 'valid', validity: 'validity.passed' },
  })
  add({
    name: 'time-one-second-over',
    shows: 'One second more',
    sealed: short,
    now: now + 1,
    expect: { verdict: 'invalid', validity: 'validity.expired' },
  })
  const future = await world.card('future', { iat: now + hour })
  add({
    name: 'time-future',
    shows: 'An iat in the future, with online evidence within 15 minutes',
    sealed: future,
    expect: { verdict: 'invalid', validity: 'validity.future' },
  })
  add({
    name: 'time-future-unconfirmed',
    shows: 'The same offline: perhaps the clock is wrong',
    sealed: future,
    online: false,
    expect: { verdict: 'undetermined', validity: 'validity.future-unconfirmed' },
  })
  const skewed = await world.card('skewed', { iat: now + 120 })
  add({
    name: 'time-within-skew',
    shows: 'An iat 120 s ahead',
    sealed: skewed,
    files: { ...files, '/status-lists/1': await world.statusList('G09', { iat: now + 120 }) },
    expect: { verdict: 'valid' },
  })
  add({
    name: 'time-clock-behind',
    shows: 'A clock more than 120 s behind authenticated evidence',
    sealed: await world.card('card'),
    now: now - 10 * minute,
    expect: { verdict: 'undetermined', validity: 'validity.clock' },
  })
}
