import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { webCrypto } from '../core/crypto/webCrypto.ts'
import { toHex } from '../core/encoding/bytes.ts'
import { judgeLive, type LiveJudgement, liveThumbprint } from '../core/live/judgeLive.ts'
import { claimLabel } from '../core/sd-jwt/credentialTypes.ts'
import type { ExpectedBinding } from '../core/sd-jwt/verify.ts'
import type { TrustSlice } from '../core/trust/trustList.ts'
import { describeCheck, type Language, mainReason } from '../core/verification/describeCheck.ts'
import type { Evidence, EvidencePorts, MarkStore, VerifyInput } from '../core/verification/evidence.ts'
import { type GatherSettings, gatherEvidence } from '../core/verification/gatherEvidence.ts'
import { gatherSdJwtEvidence } from '../core/verification/gatherSdJwtEvidence.ts'
import { createMarkStore } from '../core/verification/markStore.ts'
import { type PolicyName, policyNames } from '../core/verification/policy.ts'
import type { Report, SdJwtReport, Verdict } from '../core/verification/report.ts'
import { verifyCredential } from '../core/verification/verifyCredential.ts'
import { type SdJwtInput, verifySdJwtVc } from '../core/verification/verifySdJwtVc.ts'
import { type OpenChainNode, openChainNode } from './chainNode.ts'
import { readDemonstration } from './demonstration.ts'
import { EvidenceFiles, evidencePorts, fetchPublicFile } from './evidenceFiles.ts'
import { CliError, type CliIo } from './io.ts'
import { serverUrl } from './session.ts'
import { documentAt, verifySubject } from './verifySubject.ts'

const exitCodes: Record<Verdict, number> = { valid: 0, invalid: 1, undetermined: 2 }

const options = {
  receipt: { type: 'string', multiple: true },
  'trust-list': { type: 'string', multiple: true },
  'status-list': { type: 'string', multiple: true },
  'trust-root': { type: 'string', multiple: true },
  document: { type: 'string' },
  photo: { type: 'string' },
  rpc: { type: 'string' },
  contract: { type: 'string' },
  url: { type: 'string' },
  offline: { type: 'boolean' },
  at: { type: 'string' },
  policy: { type: 'string' },
  strict: { type: 'boolean' },
  marks: { type: 'string' },
  keep: { type: 'string' },
  lang: { type: 'string' },
  aud: { type: 'string' },
  nonce: { type: 'string' },
  json: { type: 'boolean' },
} as const

/**
 * `antin verify QR|IMAGE|PDF|FILE`: verifies a card or diploma here, without trusting the server; it only hands out signed files.
 * Answers 0 for valid, 1 invalid, 2 undetermined. `--trust-root` is the pinned SHA-256 in hex, or files of root documents of which
 * the caller is sure; files given as `--trust-list`, `--status-list`, `--receipt` come before what the server has. `--keep DIR` saves
 * what the server gave, so that `--offline --trust-list DIR` verifies the same credential later without it. Of an SD-JWT VC `--aud` and
 * `--nonce` ask for holder binding.
 */
export async function verify(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options })
  const [given] = positionals
  if (!given || positionals.length > 1) throw new CliError('Say one QR text, picture, PDF or file.', 64)
  const policy = policyOf(values.strict ? 'strict' : (values.policy ?? 'standard'))
  const now = timeOf(values.at)
  const language = languageOf(values.lang, io)
  const base = values.offline ? undefined : serverUrl(io, values.url)

  const files = new EvidenceFiles()
  files.keepIn = values.keep
  for (const name of ['trust-list', 'status-list', 'receipt'] as const) for (const path of values[name] ?? []) files.add(path)
  const trustRoot = pinOf(values['trust-root'] ?? [], files, io)
  if (trustRoot === undefined) {
    io.err('No trust root: give --trust-root HEX or set ANTIN_TRUST_ROOT. Without one nothing is more than undetermined.')
  }

  const subject = await verifySubject(given, base)
  if (subject.foreign !== undefined) io.err(`The QR code is none of ours: ${JSON.stringify(subject.foreign.slice(0, 200))}`)
  files.spareReceipt = subject.receipt
  const input: VerifyInput = {
    sealed: subject.sealed,
    photo: values.photo === undefined ? undefined : new Uint8Array(readFileSync(values.photo)),
    document: values.document === undefined ? subject.document : await documentAt(values.document),
  }

  const marks = values.marks === undefined ? undefined : marksOf(values.marks)
  const chain: OpenChainNode | undefined = values.rpc === undefined ? undefined : openChainNode(values.rpc, values.contract)
  try {
    const ports = evidencePorts(files, base, { chain, marks: marks?.store })
    const { evidence, report } = await judge(
      subject.sdJwt === undefined ? input : { ...input, text: subject.sdJwt, binding: bindingOf(values) },
      ports,
      { trustRoot: trustRoot ?? '', policy, now },
    )
    const live =
      subject.live &&
      (await liveOf(subject.live, evidence.trust.value, { base, host: new URL(base ?? serverUrl(io, values.url)).host, now }))
    marks?.save()
    if (base === undefined && report.checks.some(check => check.code === 'issuer.root-missing')) {
      io.err(
        'Offline, give the root documents too (/.well-known/antin/root/1, root/2 and so on) with --trust-list, or a folder made by --keep.',
      )
    }
    if (values.json) io.out(JSON.stringify(live ? { ...report, live } : report))
    else for (const line of linesOf(report, live, language)) io.out(line)
    return live && live.kind !== 'live' && report.verdict === 'valid' ? exitCodes.undetermined : exitCodes[report.verdict]
  } finally {
    chain?.close()
  }
}

/** The report on a sealed credential or an SD-JWT VC, and the evidence it is by. */
async function judge(
  input: VerifyInput | SdJwtInput,
  ports: EvidencePorts,
  settings: GatherSettings,
): Promise<{ evidence: Evidence; report: Report | SdJwtReport }> {
  const { policy, now } = settings
  if ('text' in input) {
    const evidence = await gatherSdJwtEvidence(input.text, ports, settings, webCrypto)
    return { evidence, report: await verifySdJwtVc(input, evidence, policy, now, webCrypto) }
  }
  const evidence = await gatherEvidence(input, ports, settings, webCrypto)
  return { evidence, report: await verifyCredential(input, evidence, policy, now, webCrypto) }
}

/** What the KB-JWT of an SD-JWT VC has to answer; undefined where nothing was asked. */
function bindingOf({ aud, nonce }: { aud?: string | undefined; nonce?: string | undefined }): ExpectedBinding | undefined {
  if (aud === undefined && nonce === undefined) return undefined
  if (aud === undefined || nonce === undefined) throw new CliError('--aud and --nonce go together.', 64)
  return { aud, nonce }
}

/** Whether the phone that shows a live QR is the holder's, now; a server that says nothing of the binding is no answer to that. */
async function liveOf(
  bytes: Uint8Array,
  slice: TrustSlice | undefined,
  { base, host, now }: { base: string | undefined; host: string; now: number },
): Promise<LiveJudgement> {
  const judged = await judgeLive({ bytes, slice, host, now }, webCrypto)
  if (judged.kind !== 'live' || base === undefined) return judged
  const thumbprint = await liveThumbprint(bytes, webCrypto)
  const answer = await fetchPublicFile(`${base}/live-bindings/${toHex(thumbprint!)}`, 1000)
  return answer.kind === 'absent' ? { kind: 'ended' } : judged
}

/** The pinned root: given as hex, as documents, by the environment, or by the demonstration beside us. */
function pinOf(given: readonly string[], files: EvidenceFiles, io: CliIo): string | undefined {
  const hex = given.filter(one => /^[0-9a-fA-F]{64}$/.test(one))
  for (const path of given) if (!hex.includes(path)) files.add(path)
  const own = given.length > hex.length ? files.pin : undefined
  return (hex[0] ?? own ?? io.env.ANTIN_TRUST_ROOT ?? readDemonstration(io.env)?.trustRoot)?.toLowerCase()
}

function policyOf(name: string): PolicyName {
  const policy = policyNames.find(known => known === name)
  if (!policy) throw new CliError(`--policy is ${policyNames.join(' or ')}.`, 64)
  return policy
}

/** Seconds of an ISO 8601 time or a number of seconds; now when absent. */
function timeOf(text: string | undefined): number {
  if (text === undefined) return Math.floor(Date.now() / 1000)
  const time = /^\d{1,12}$/.test(text) ? Number(text) : Math.floor(Date.parse(text) / 1000)
  if (!Number.isFinite(time)) throw new CliError('--at is a time like 2026-07-01T09:00:00+07:00, or seconds since 1970.', 64)
  return time
}

function languageOf(given: string | undefined, { env }: CliIo): Language {
  if (given !== undefined && given !== 'vi' && given !== 'en') throw new CliError('--lang is vi or en.', 64)
  return given ?? ((env.LC_ALL ?? env.LC_MESSAGES ?? env.LANG ?? '').startsWith('vi') ? 'vi' : 'en')
}

/** Marks kept in a JSON file between runs, so that older evidence is not taken again. */
function marksOf(path: string): { store: MarkStore; save(): void } {
  const kept: [string, number[]][] = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : []
  const entries = new Map<string, readonly number[]>(kept)
  return { store: createMarkStore(entries), save: () => writeFileSync(path, JSON.stringify([...entries])) }
}

const verdicts = {
  vi: { valid: 'HỢP LỆ', invalid: 'KHÔNG HỢP LỆ', undetermined: 'CHƯA XÁC ĐỊNH ĐƯỢC' },
  en: { valid: 'VALID', invalid: 'INVALID', undetermined: 'UNDETERMINED' },
}
const liveWords = {
  vi: {
    live: 'Thẻ đang được xuất trình từ điện thoại của chủ thẻ',
    stale: 'Mã sống đã cũ: có thể là ảnh chụp màn hình',
    wrong: 'Mã sống không đúng',
    ended: 'Điện thoại không còn gắn với thẻ',
    unknown: 'Chưa kiểm tra được mã sống',
  },
  en: {
    live: "The card is shown by its holder's phone now",
    stale: 'The live code is old: perhaps a screenshot',
    wrong: 'The live code is not right',
    ended: 'The phone is no longer bound to the card',
    unknown: 'The live code could not be checked',
  },
}
const sdJwtWords = {
  vi: {
    card: 'Thẻ trong ví điện tử (SD-JWT VC)',
    diploma: 'Văn bằng trong ví điện tử (SD-JWT VC)',
    bound: 'Người xuất trình đã chứng minh mình là người giữ',
    unbound: 'Chưa yêu cầu chứng minh người giữ (--aud, --nonce)',
  },
  en: {
    card: 'A card from a wallet (SD-JWT VC)',
    diploma: 'A diploma from a wallet (SD-JWT VC)',
    bound: 'The presenter has proven to be the holder',
    unbound: 'Holder binding was not asked for (--aud, --nonce)',
  },
}
const signs = { passed: '+', failed: 'x', contradicted: '!', unavailable: '?', 'not-applicable': '-' }

function linesOf(report: Report | SdJwtReport, live: LiveJudgement | undefined, language: Language): string[] {
  const reason = mainReason(report)
  const lines = [verdicts[language][report.verdict] + (reason ? `: ${describeCheck(reason, language)}` : '')]
  const { credential } = report
  if (credential && 'form' in credential) {
    const { kind, issuer, issuerName, disclosed, holderBound } = credential
    lines.push(`  ${sdJwtWords[language][kind]}, ${issuerName[language]} (${issuer})`)
    for (const [name, value] of Object.entries(disclosed)) lines.push(`  ${claimLabel(kind, name, language)}: ${value}`)
    lines.push(`  ${sdJwtWords[language][holderBound ? 'bound' : 'unbound']}`)
  } else if (credential?.kind === 'card') {
    lines.push(`  ${credential.fullName}, ${credential.position}, ${credential.usingAgencyName[language]}`)
    lines.push(`  ${credential.serial}, ${credential.issuerName[language]} (${credential.issuer})`)
  } else if (credential) {
    lines.push(`  ${credential.title}: ${credential.holderName}${credential.birthDate ? `, ${credential.birthDate}` : ''}`)
    lines.push(
      `  ${credential.number ?? credential.registerNumber}, ${credential.awarded}, ${credential.issuerName[language]} (${credential.issuer})`,
    )
  }
  for (const check of report.checks) {
    const asOf = check.asOf === undefined ? '' : ` (${new Date(check.asOf * 1000).toISOString()})`
    lines.push(`  [${signs[check.outcome]}] ${check.name.padEnd(9)} ${describeCheck(check, language)}${asOf}`)
  }
  if (live) lines.push(`  [${live.kind === 'live' ? '+' : '?'}] live      ${liveWords[language][live.kind]}`)
  return lines
}
