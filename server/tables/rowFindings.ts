import { type Finding, type FindingCode, severityOf } from './finding.ts'

/** Gathers the findings of one row. */
export interface RowFindings {
  readonly list: Finding[]
  add(code: FindingCode, column: string, value: string, more?: { to?: string; other?: string }): void
  readonly refused: boolean
}

const shownLength = 120

export function rowFindings(): RowFindings {
  const list: Finding[] = []
  return {
    list,
    add(code, column, value, more) {
      list.push({ code, column, value: value.length > shownLength ? `${value.slice(0, shownLength)}…` : value, ...more })
    },
    get refused() {
      return list.some(finding => severityOf(finding.code) === 'refused')
    },
  }
}
