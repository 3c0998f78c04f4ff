/** Dates are `YYYY-MM-DD` in Vietnam's time (UTC+7). */
export interface ExpiryInput {
  madeOn: string
  termYears: number
  birthDate?: string | undefined
  gender?: 'male' | 'female' | undefined
  contractEnd?: string | undefined
}

/**
 * The last day of a card: the earliest of the type's term, retirement age (Labour Code 2019, Decree 135/2020: the age rises
 * month by month until 62 and 60) and the end of the contract. A retirement day that has passed does not count (the person
 * was kept on). Null when the contract has ended.
 */
export function expiryDay(input: ExpiryInput): string | null {
  const days = [addMonths(input.madeOn, input.termYears * 12)]
  if (input.contractEnd) {
    if (input.contractEnd < input.madeOn) return null
    days.push(input.contractEnd)
  }
  if (input.birthDate && input.gender) {
    const retirement = retirementDay(input.birthDate, input.gender)
    if (retirement > input.madeOn) days.push(retirement)
  }
  return days.sort()[0]!
}

/** The day on which a person reaches the retirement age that holds in that year. */
export function retirementDay(birthDate: string, gender: 'male' | 'female'): string {
  const [base, step, last] = gender === 'male' ? [60 * 12 + 3, 3, 62 * 12] : [55 * 12 + 4, 4, 60 * 12]
  const first = Number(birthDate.slice(0, 4)) + Math.floor(base / 12)
  for (let year = Math.min(Math.max(2021, first), 2035); ; year++) {
    const months = Math.min(base + (year - 2021) * step, last)
    const day = addMonths(birthDate, months)
    if (Number(day.slice(0, 4)) <= year || months === last) return day
  }
}

function addMonths(day: string, months: number): string {
  const [year, month, date] = day.split('-').map(Number) as [number, number, number]
  const last = new Date(Date.UTC(year, month + months, 0)).getUTCDate()
  return new Date(Date.UTC(year, month - 1 + months, Math.min(date, last))).toISOString().slice(0, 10)
}
