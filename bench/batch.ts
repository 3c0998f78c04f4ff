import { createHash } from 'node:crypto'
import type { AgencyCode } from '../core/identity/agencyCode.ts'
import { proveReceipt } from '../core/log/receipt.ts'
import { type RegisterDeps, registerDiplomas } from '../server/diplomas/registerDiplomas.ts'
import { requestDiplomas } from '../server/diplomas/requestDiplomas.ts'
import { createFieldCipher } from '../server/keys/fieldCipher.ts'
import { nodeCrypto } from '../server/keys/nodeCrypto.ts'
import { proofsFor } from '../server/log/proofsFor.ts'
import { approveRequest } from '../server/requests/decideRequest.ts'
import { pendingDigest, requestById } from '../server/requests/requestsTable.ts'
import { newNoteKey } from '../test/server/log/support/testLog.ts'
import { makeMinistry } from '../test/support/ministry.ts'
import { loadPeerModule } from './loadPeer.ts'
import { ownDatabase } from './ownDatabase.ts'
import type { Report } from './report.ts'

const [, asked] = /^--diplomas=(\d+)$/.exec(process.argv.find(argument => argument.startsWith('--diplomas=')) ?? '') ?? []
const count = Number(asked ?? 40_000)
const goalSeconds = 10
const agency = 'G09' as AgencyCode

/**
 * A graduation year in one go, on a durable embedded database: from an approved request to registered diplomas (signed, with their log
 * entries, status indices and audit) and a receipt for each. The goal is 40,000 in 10 seconds (`--diplomas=N` changes the number). The peer
 * wraps a batch with Merkle proofs in memory: no signature for each, no database, no status.
 */
export async function run(report: Report): Promise<void> {
  await ownDatabase(async ({ pool }) => {
    const cipher = await createFieldCipher(pool, Buffer.alloc(32, 7))
    const clock = () => Math.floor(Date.now() / 1000)
    const origin = 'https://the.moha.gov.vn'
    const deps: RegisterDeps = { pool, cipher, signers: await makeMinistry(pool), origin, clock, isRestricted: () => false }
    const rows = Array.from({ length: count }, (_, at) => ({
      diploma: {
        issuer: 'G09.01',
        number: `B${at}`,
        holderName: `Nguyễn Thị Hoàng ${at}`,
        birthDate: '2004-05-17',
        title: 'Bằng kỹ sư',
        field: 'Công nghệ thông tin',
        awarded: '2026-07-01',
        classification: 'Giỏi',
        basis: 0 as const,
        document: createHash('sha256').update(`document ${at}`).digest('hex'),
      },
    }))
    const unit = 'diplomas/s'
    const limit = 40_000 / goalSeconds
    let start = performance.now()
    const { requestId } = await requestDiplomas(deps, { maker: { sub: 'maker', name: 'Mẫu' }, agency, rows })
    if (!requestId) throw new Error('Nothing was asked for')
    report({ case: 'prepare the request (not in the goal)', rate: perSecond(start), unit })
    const actor = { kind: 'person', sub: 'approver', name: 'Mẫu', roles: new Set(), scopes: new Set(), agency } as never
    await approveRequest(deps, { actor, id: requestId, claimsDigest: await pendingDigest(pool, requestId), selection: 'all' })

    const cpu = process.cpuUsage()
    start = performance.now()
    await registerDiplomas(deps, requestId)
    const registered = performance.now()
    const registeredCpu = process.cpuUsage(cpu)
    const log = await newNoteKey('bench.example/log')
    const { rows: refs } = await pool.query<{ ref: Buffer }>('select ref from diplomas where request_id = $1 order by request_seq', [
      requestId,
    ])
    const receipts = await proofsFor(
      { pool, ...log },
      refs.map(({ ref }) => ref),
    )
    const bytes = receipts.reduce((sum, receipt) => sum + JSON.stringify(receipt).length, 0)
    const seconds = (performance.now() - start) / 1000
    const { user, system } = process.cpuUsage(cpu)

    const request = await requestById(pool, requestId)
    if (request?.done !== count || receipts.length !== count) throw new Error(`${request?.done} registered, ${receipts.length} receipts`)
    for (const receipt of [receipts[0], receipts[count >> 1], receipts.at(-1)])
      if (!receipt || !(await proveReceipt(receipt, log.logKey, [], nodeCrypto))) throw new Error('A receipt does not prove its entry')
    report({ case: 'register, committed', rate: (count * 1000) / (registered - start), unit, limit })
    report({ case: 'receipts', rate: count / (seconds - (registered - start) / 1000), unit: 'receipts/s' })
    report({ case: `${count} diplomas with receipts`, rate: count / seconds, unit, limit })
    report({ case: 'the same by our processor time', rate: (count * 1e6) / (user + system), unit, limit })
    report.note(
      `our processor time: ${Math.round((registeredCpu.user + registeredCpu.system) / count)} µs to register one, ${Math.round((user + system - registeredCpu.user - registeredCpu.system) / count)} µs a receipt`,
    )
    report.note(`${count} diplomas with receipts in ${seconds.toFixed(1)} s, ${Math.round(bytes / count)} bytes a receipt`)

    const peer = (await loadPeerModule(report, 'tradetrust'))?.tradeTrustPeer({
      title: 'Bằng kỹ sư',
      number: 'B',
      holder: 'Nguyễn Thị Hoàng',
    })
    if (peer) {
      const wrapped = 2000
      start = performance.now()
      peer.wrapBatch(wrapped)
      report({ case: 'TradeTrust: wrap with proofs, in memory only', rate: (wrapped * 1000) / (performance.now() - start), unit, limit })
    }
  })
}

function perSecond(start: number): number {
  return (count * 1000) / (performance.now() - start)
}
