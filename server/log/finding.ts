/** What can be wrong with a log, and what it means. */
export const findingCodes = {
  'checkpoint.missing': 'The log has no checkpoint',
  'checkpoint.signature': 'A checkpoint is not signed by the key of the log',
  'checkpoint.root': 'A checkpoint that was signed has another root than the entries lead to: history was rewritten',
  'checkpoint.shrunk': 'The log is smaller than it was: history was removed',
  'tile.missing': 'A tile or entries are missing',
  'tile.differs': 'A tile does not hold the hashes of the entries: an entry or a tile was changed',
  'entry.form': 'An entry is not in canonical form',
  'entry.order': 'An entry is older than the one before it',
  'head.differs': "The database's head is not that of its entries",
  'contract.unavailable': 'The contract could not be read',
  'contract.ahead': 'The contract holds a larger log than this one',
  'contract.root': 'The contract holds a root that this log does not lead to',
  'row.without-entry': 'A card or diploma has no entry in the log',
  'entry.without-row': 'An entry has no card or diploma',
  'row.status': "A card's or diploma's status is not what its newest entry says",
  'status-list.rolled-back': "A status list is not what the log's newest entry about it says",
} as const

export type FindingCode = keyof typeof findingCodes

/** One thing that is wrong; `leafIndex` where it concerns an entry. */
export interface Finding {
  readonly code: FindingCode
  readonly detail: string
  readonly leafIndex?: number | undefined
}

/** Collects findings, 100 of a code at most. */
export class Findings {
  readonly list: Finding[] = []
  readonly #counts = new Map<FindingCode, number>()

  add(code: FindingCode, detail: string, leafIndex?: number): void {
    const count = (this.#counts.get(code) ?? 0) + 1
    this.#counts.set(code, count)
    if (count <= 100) this.list.push(leafIndex === undefined ? { code, detail } : { code, detail, leafIndex })
  }

  /** How many of a code there were, those above 100 included. */
  count(code: FindingCode): number {
    return this.#counts.get(code) ?? 0
  }
}
