import { z } from 'zod'

/** One kind of diploma that a register holds, with the years of award it holds them for. */
export const coveragePart = z.object({
  title: z.string().trim().normalize('NFC').min(1).max(200),
  from: z.int().min(1900).max(2200).optional(),
  to: z.int().min(1900).max(2200).optional(),
})

export type CoveragePart = z.infer<typeof coveragePart>

/** What a register covers, as an agency says it in the trust list (formats 4). */
export const coverageSchema = z
  .array(coveragePart.refine(({ from, to }) => to === undefined || (from !== undefined && from <= to), 'years the wrong way round'))
  .max(40)

const years = /[ ,;:](\d{4}) ?[-–—] ?(\d{4})?$/

/** Reads lines such as `Chứng chỉ bồi dưỡng, 2010–2026` or `Bằng cử nhân, 1995–`; null when a line cannot be meant. */
export function readCoverage(text: string): CoveragePart[] | null {
  const parts = text
    .split(/\r?\n/)
    .map(each => each.trim().split(/\s+/).join(' '))
    .filter(Boolean)
    .map(each => {
      const match = years.exec(each)
      const title = match ? each.slice(0, match.index).replace(/ ?[,;:]? ?$/, '') : ''
      if (!match || title === '') return { title: each }
      return { title, from: Number(match[1]), ...(match[2] ? { to: Number(match[2]) } : {}) }
    })
  const read = coverageSchema.safeParse(parts)
  return read.success ? read.data : null
}

/** The lines that `readCoverage` reads. */
export function coverageLines(parts: readonly CoveragePart[]): string {
  return parts.map(({ title, from, to }) => (from === undefined ? title : `${title}, ${from}–${to ?? ''}`)).join('\n')
}
