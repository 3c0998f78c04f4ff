import { utf8 } from '../../../core/encoding/bytes.ts'
import { chainAnswer } from './chainAnswer.ts'
import type { Add } from './vectorCase.ts'
import { type Files, photo, sha256, type World } from './world.ts'

export async function addCards(add: Add, world: World, files: Files) {
  const card = await world.card('card')
  add({
    name: 'card-valid',
    shows: 'A card under the standard policy: root, one slice, one status list',
    sealed: card,
    expect: { verdict: 'valid' },
  })
  add({
    name: 'card-valid-offline',
    shows: 'The same from kept files, without network',
    sealed: card,
    online: false,
    expect: { verdict: 'valid' },
  })
  add({
    name: 'card-photo-matches',
    shows: 'With the JPEG that field 6 names',
    sealed: card,
    photo,
    expect: { verdict: 'valid', photo: 'photo.matches' },
  })
  add({
    name: 'card-photo-differs',
    shows: 'With another JPEG',
    sealed: card,
    photo: utf8('another'),
    expect: { verdict: 'invalid', photo: 'photo.differs' },
  })
  add({
    name: 'card-with-file',
    shows: 'A file that came with a card says nothing',
    sealed: card,
    document: { sha256: sha256(utf8('a picture of the card')) },
    expect: { verdict: 'valid', document: 'document.card' },
  })
  const using = await world.card('using', { usingAgency: 'G09.12.04' as never })
  add({
    name: 'card-using-agency',
    shows: 'The using agency is below the issuer by the parents of the trust list',
    sealed: using,
    expect: { verdict: 'valid' },
  })
  const byParent = await world.card('by-parent', { iss: 'G09.30', signer: await world.keyOf('G09', 'card') })
  add({
    name: 'card-signed-by-ancestor',
    shows: 'An ancestor signs for an agency; the status list is the ancestor’s',
    sealed: byParent,
    expect: { verdict: 'valid' },
  })
  const { log, leaf } = await world.logged(card)
  const strict = {
    ...files,
    [world.proofPath(card)]: JSON.stringify(log.receipt(leaf, { anchor: world.anchorAt(log, log.size, log.size) })),
    ...log.files(),
  }
  add({
    name: 'card-strict',
    shows: 'Under strict also log and anchor',
    sealed: card,
    policy: 'strict',
    files: strict,
    chain: chainAnswer(log, log.size),
    expect: { verdict: 'valid', log: 'log.passed', anchor: 'anchor.passed' },
  })
  add({
    name: 'card-strict-no-node',
    shows: 'Strict without a chain node',
    sealed: card,
    policy: 'strict',
    files: strict,
    expect: { verdict: 'undetermined', anchor: 'anchor.no-node' },
  })
}
