// Signs a PDF with a key on a SoftHSM2 token, as a process of its own for the same reason as pkcs11Session.ts. Arguments: the
// library, the PDF, the certificate (DER), the file to write, pkcs1 or pss.
import { readFileSync, writeFileSync } from 'node:fs'
import type { RsaPadding } from '../../server/keys/memorySigner.ts'
import { signPdf } from '../../server/keys/pades.ts'
import { openPkcs11Token } from '../../server/keys/pkcs11Token.ts'

const [library, pdf, certificate, out, documents] = process.argv.slice(2) as [string, string, string, string, RsaPadding]
const token = await openPkcs11Token({ module: library, tokenLabel: 'antin', pin: '1234', documents })
const key = token.signer('a1', 'document')
const signed = await signPdf(
  readFileSync(pdf),
  { certificates: [readFileSync(certificate)], algorithm: key.algorithm, signAttributes: bytes => key.sign({ kind: 'document', bytes }) },
  { signedAt: new Date('2026-11-20T02:00:00Z') },
)
writeFileSync(out, signed)
token.close()
