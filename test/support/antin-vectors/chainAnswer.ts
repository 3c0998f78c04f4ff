import type { ChainAnswer } from '../../../core/verification/evidence.ts'
import type { TestLog } from './testLog.ts'
import { contract, minute, now } from './world.ts'

/** What an honest node says of the contract at a size of the log. */
export function chainAnswer(log: TestLog, size: number): ChainAnswer & { kind: 'answer' } {
  return { kind: 'answer', chainId: contract.chainId, codeHash: contract.codeHash, rootHash: log.root(size), time: now - minute }
}
