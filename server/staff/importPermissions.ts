import type { Permission } from './authorize.ts'

/** What it takes to see an import of each kind, and to make or change one. */
export const importPermissions = {
  read: { officers: 'people.read', agencies: 'agencies.read' },
  write: { officers: 'people.write', agencies: 'agencies.manage' },
} as const satisfies Record<string, Record<string, Permission>>
