import { randomBytes } from 'node:crypto'
import { sealedUrl, shortUrl } from '../../core/credential/qr.ts'
import { parseSealed } from '../../core/credential/sealed.ts'
import { encodeBase64url } from '../../core/encoding/base64url.ts'
import { listCards } from '../cards/cardsTable.ts'
import { openCard } from '../cards/readCard.ts'
import { listDiplomas } from '../diplomas/diplomasTable.ts'
import { openDiploma } from '../diplomas/readDiploma.ts'
import type { Installation } from '../installation.ts'
import type { DemonstrationUser } from '../staff/demonstration/provider.ts'

/** What `demo.json` holds: `genuine`, `tampered` and `revoked` are the texts that a QR holds. */
export interface DemonstrationFile {
  url: string
  signIns: { role: string; username: string; password: string }[]
  card: { genuine: string; tampered: string; revoked: string; serial: string }
  shortQr: { genuine: string; unknown: string }
  diploma: { genuine: string; tampered: string; ref: string; agency: string; soHieu: string; ngaySinh: string }
  chain: { rpc: string; contract: string; chainId: number } | null
  trustRoot: string
  /** A machine client. */
  machine: { clientId: string; clientSecret: string }
}

/** Picks a card, an ended card and a diploma of the demonstration and describes them with tampered twins. */
export async function describeDemonstration(
  { pool, cipher, origin }: Installation,
  facts: Pick<DemonstrationFile, 'chain' | 'trustRoot' | 'machine'> & { users: readonly DemonstrationUser[] },
): Promise<DemonstrationFile> {
  const active = (await listCards(pool, { agencyIn: null, state: 'active', limit: 1000 })).at(-1)
  const ended = (await listCards(pool, { agencyIn: null, state: 'ended', limit: 1000 })).at(-1)
  const diplomaRow = (await listDiplomas(pool, { agencyIn: null, ended: false, limit: 1000 })).findLast(row => row.number !== null)
  if (!active || !ended || !diplomaRow) throw new Error('The demonstration ministry is not complete; remove its folder and start again')
  const card = openCard(cipher, active)
  const diploma = openDiploma(cipher, diplomaRow)
  return {
    url: origin,
    signIns: facts.users.map(({ roles, username, password }) => ({ role: roles[0] ?? username, username, password })),
    card: {
      genuine: sealedUrl(origin, card.sealedBytes),
      tampered: sealedUrl(origin, tampered(card.sealedBytes)),
      revoked: sealedUrl(origin, openCard(cipher, ended).sealedBytes),
      serial: card.serial,
    },
    shortQr: { genuine: shortUrl(origin, card.token), unknown: shortUrl(origin, randomBytes(16)) },
    diploma: {
      genuine: sealedUrl(origin, diploma.sealedBytes),
      tampered: sealedUrl(origin, tampered(diploma.sealedBytes)),
      ref: encodeBase64url(diploma.ref),
      agency: diploma.issuerCode,
      soHieu: diploma.number!,
      ngaySinh: diploma.claims.diploma.birthDate ?? '',
    },
    chain: facts.chain,
    trustRoot: facts.trustRoot,
    machine: facts.machine,
  }
}

/** The credential with one letter of the holder's name changed: well formed, with a signature that no longer fits. */
function tampered(sealed: Buffer): Buffer {
  const parsed = parseSealed(sealed)
  const name = Buffer.from(parsed.kind === 'card' ? parsed.claims.card.fullName : parsed.claims.diploma.holderName)
  const at = sealed.indexOf(name) + name.findLastIndex(byte => byte >= 0x61 && byte <= 0x7a)
  const changed = Buffer.from(sealed)
  changed[at] = changed[at] === 0x61 ? 0x65 : 0x61
  return changed
}
