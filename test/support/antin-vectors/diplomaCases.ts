import { utf8 } from '../../../core/encoding/bytes.ts'
import { withAgencies } from './changedState.ts'
import type { Add, Draft } from './vectorCase.ts'
import { day, documentFile, type Files, now, sha256, type World } from './world.ts'

export async function addDiplomas(add: Add, world: World, files: Files) {
  const sealed = await world.diploma('diploma')
  const { log, leaf } = await world.logged(sealed)
  const path = world.proofPath(sealed)
  const withReceipt = (receipt: unknown) => ({ ...files, [path]: JSON.stringify(receipt) })
  const good = withReceipt(log.receipt(leaf))
  const diploma = (name: string, shows: string, more: Partial<Draft> & Pick<Draft, 'expect'>) =>
    add({ name, shows, sealed, kind: 'diploma', files: good, ...more })
  const document = { sha256: sha256(documentFile) }
  diploma('diploma-valid', 'A diploma with its receipt', { expect: { verdict: 'valid', log: 'log.passed' } })
  diploma('diploma-offline', 'The same from kept files', { online: false, expect: { verdict: 'valid' } })
  diploma('diploma-document', 'With the registered file', { document, expect: { verdict: 'valid', document: 'document.matches' } })
  diploma('diploma-copy', 'With another file', {
    document: { sha256: sha256(utf8('a scan')) },
    expect: { verdict: 'undetermined', document: 'document.copy' },
  })
  const altered = {
    sha256: sha256(utf8('altered')),
    signatures: [{ verified: false, wholeFile: true, certificate: Uint8Array.of(1), signedAt: now - day }],
  }
  diploma('diploma-pdf-signature-wrong', 'With a PDF whose signature does not verify', {
    document: altered,
    expect: { verdict: 'invalid', document: 'document.signature-wrong' },
  })
  const certificate = utf8('stands for a DER certificate')
  const documentKey = await world.keyPayload('G09', 'document', { x5c: [Buffer.from(certificate).toString('base64')] })
  const withDocumentKey = await withAgencies(world, files, {
    ...world.agencies,
    G09: { ...world.agencies.G09, keys: [...world.agencies.G09.keys, documentKey] },
  })
  const signed = (wholeFile: boolean) => ({
    sha256: sha256(utf8('signed')),
    signatures: [{ verified: true, wholeFile, certificate, signedAt: now - day }],
  })
  const files1 = { ...withDocumentKey, [path]: good[path]! }
  diploma('diploma-pdf-signed', 'With a PDF signed as a whole by the issuer', {
    document: signed(true),
    files: files1,
    expect: { verdict: 'valid', document: 'document.signed' },
  })
  diploma('diploma-pdf-part-signed', 'With a PDF of which only a part is signed', {
    document: signed(false),
    files: files1,
    expect: { verdict: 'undetermined', document: 'document.copy' },
  })
  diploma('diploma-pdf-unsigned', 'With a PDF that is neither registered nor signed', {
    document: { sha256: sha256(utf8('unsigned')), signatures: [] },
    expect: { verdict: 'undetermined', document: 'document.copy' },
  })
  diploma('diploma-pdf-foreign', 'With a PDF signed as a whole by somebody else', {
    document: signed(true),
    expect: { verdict: 'undetermined', document: 'document.copy' },
  })
  diploma('diploma-pdf-expired', "With a PDF signed as a whole after the end of the issuer's certificate", {
    document: { ...signed(true), signatures: [{ verified: true, wholeFile: true, certificate, signedAt: now + 3650 * day }] },
    files: files1,
    expect: { verdict: 'undetermined', document: 'document.copy' },
  })
  diploma('diploma-expired', 'A certificate past its expiry', {
    sealed: await world.diploma('expiring', { exp: now - day }),
    expect: { verdict: 'invalid', validity: 'validity.expired' },
  })
  diploma('diploma-ended', 'A diploma that was ended', {
    sealed: await world.diploma('ended', { status: { list: 1, idx: 51 } }),
    expect: { verdict: 'invalid', status: 'status.revoked' },
  })
}
