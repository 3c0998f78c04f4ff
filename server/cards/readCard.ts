import { hash } from 'node:crypto'
import { AppError } from '../../core/errors.ts'
import type { Db } from '../db/transaction.ts'
import type { FieldCipher } from '../keys/fieldCipher.ts'
import { type CardRow, cardBySerial, cardByTokenHash } from './cardsTable.ts'

/** A card with what its QRs carry: `sealedBytes` the COSE_Sign1, `token` the short QR's 16 bytes. */
export type OpenedCard = CardRow & { sealedBytes: Buffer; token: Buffer }

/** The card of a serial. Throws `card.not-found`. */
export async function readCard(db: Db, cipher: FieldCipher, serial: string): Promise<OpenedCard> {
  const row = await cardBySerial(db, serial)
  if (!row) throw new AppError('card.not-found')
  return openCard(cipher, row)
}

/** The card of a short QR's token (16 bytes), or null. */
export async function cardByToken(db: Db, cipher: FieldCipher, token: Uint8Array): Promise<OpenedCard | null> {
  const row = await cardByTokenHash(db, hash('sha256', token, 'buffer'))
  return row && openCard(cipher, row)
}

/** Decrypts what the QRs carry. */
export function openCard(cipher: FieldCipher, row: CardRow): OpenedCard {
  const plain = cipher.open(row.sealed)
  return { ...row, token: plain.subarray(0, 16), sealedBytes: plain.subarray(16) }
}
