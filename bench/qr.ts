import { create } from 'qrcode'
import type { CardClaims } from '../core/credential/card.ts'
import { liveUrl, qrSegments, sealedQrVersion, sealedUrl, shortUrl } from '../core/credential/qr.ts'
import { seal } from '../core/credential/sealed.ts'
import { signEs256 } from '../server/keys/es256.ts'
import { benchKey, referenceCard, referenceOrigin } from './referenceCard.ts'
import type { Report } from './report.ts'

/** Sizes of QR codes at level M: bytes, digits, version as drawn and as computed. The goal is version 12 for the reference card. */
export async function run(report: Report): Promise<void> {
  const { privateKey } = benchKey()
  const sign = (message: Uint8Array) => signEs256(privateKey, message)
  const { photo: _, ...plain } = referenceCard.card
  const { usingAgency: __, ...plainest } = plain
  const cards: Record<string, CardClaims> = {
    'reference card': referenceCard,
    'without photo': { ...referenceCard, card: plain },
    'without photo and using agency': { ...referenceCard, card: plainest },
  }
  for (const [name, claims] of Object.entries(cards)) {
    const sealed = await seal({ kid: new Uint8Array(8), claims, sign })
    const url = sealedUrl(referenceOrigin, sealed)
    report({ case: `${name}: sealed`, rate: sealed.length, unit: 'bytes' })
    report({ case: `${name}: link`, rate: url.length, unit: 'characters' })
    report({ case: `${name}: QR`, rate: versionOf(url), unit: 'version (M)', limit: 12 })
    const computed = sealedQrVersion(referenceOrigin, sealed.length)
    if (computed !== versionOf(url)) throw new Error(`Computed version ${computed}, drawn ${versionOf(url)}`)
  }
  report({ case: 'short QR', rate: versionOf(shortUrl(referenceOrigin, new Uint8Array(16))), unit: 'version (M)', limit: 4 })
  report({ case: 'live card, 540 bytes', rate: versionOf(liveUrl(referenceOrigin, new Uint8Array(540).fill(200))), unit: 'version (M)' })
}

function versionOf(url: string): number {
  return create(qrSegments(url) as Parameters<typeof create>[0], { errorCorrectionLevel: 'M' }).version
}
