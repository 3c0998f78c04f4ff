import { parseVerifierKey, type VerifierKey } from '../../core/log/verifierKey.ts'
import type { Db } from '../db/transaction.ts'
import { nodeCrypto } from '../keys/nodeCrypto.ts'
import { readTrustNetwork } from '../trust/trustNetworkTable.ts'

/** The keys of the witnesses that verifiers are told of. */
export async function knownWitnesses(db: Db): Promise<VerifierKey[]> {
  const { witnesses } = await readTrustNetwork(db, { anchors: [], quorum: 0 })
  return Promise.all(witnesses.map(vkey => parseVerifierKey(vkey, nodeCrypto)))
}
