import type { Permission } from '../staff/authorize.ts'

/** Everything that needs two people, and what a person must be allowed to make and to decide it. */
export const requestKinds = {
  'card.issue': { make: 'cards.request', decide: 'cards.approve' },
  'card.replace': { make: 'cards.request', decide: 'cards.approve' },
  'card.resume': { make: 'cards.request', decide: 'cards.approve' },
  'card.revoke': { make: 'cards.request', decide: 'cards.approve' },
  'diploma.register': { make: 'diplomas.register', decide: 'diplomas.approve' },
  'diploma.correct': { make: 'diplomas.register', decide: 'diplomas.approve' },
  'diploma.holder': { make: 'diplomas.register', decide: 'diplomas.approve' },
  'diploma.end': { make: 'diplomas.register', decide: 'diplomas.approve' },
  'agency.change': { make: 'agencies.manage', decide: 'agencies.approve' },
  'template.change': { make: 'templates.manage', decide: 'templates.manage' },
  'key.change': { make: 'keys.manage', decide: 'keys.manage' },
} as const satisfies Record<string, { make: Permission; decide: Permission }>

export type RequestKind = keyof typeof requestKinds
