import type { Files, World } from './world.ts'

/** Slices of changed agencies in place of the ordinary ones, with the index of that publication. */
export async function withAgencies(world: World, files: Files, changed: World['agencies']): Promise<Files> {
  return { ...files, ...(await world.files(changed)), '/status-lists/1': files['/status-lists/1']! }
}

/** The agency with this key of its changed. */
export async function withKey(world: World, code: 'G09', use: 'card' | 'status', more: Parameters<World['keyPayload']>[2]) {
  const { kid } = await world.keyPayload(code, use)
  const agency = world.agencies[code]
  return { ...agency, keys: agency.keys.map(key => (key.kid === kid ? { ...key, ...more } : key)) }
}

export function without(files: Files, path: string): Files {
  return Object.fromEntries(Object.entries(files).filter(([name]) => name !== path))
}
