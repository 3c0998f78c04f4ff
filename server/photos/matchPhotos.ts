import { searchName } from '../tables/searchName.ts'

/** Who a photo may belong to. */
export interface PhotoOwner<Key> {
  key: Key
  personalNumber: string
  fullName: string
  /** As the sheet's `anh_file` says. */
  photoFile?: string
}

/** A file of the archive and whose it is; null: to be matched by hand. */
export interface PhotoMatch<Key> {
  name: string
  owner: Key | null
  by: 'anh_file' | 'personal number' | 'name' | null
}

/**
 * Matches the files of an archive to people: by the file name in the sheet, else by a file named after a personal number,
 * else by one named after a full name that only one person has. Folders, case, extension and diacritics of names do not
 * count. A person gets one photo; what is left over is for a person to match by hand.
 */
export function matchPhotos<Key>(names: readonly string[], owners: readonly PhotoOwner<Key>[]): PhotoMatch<Key>[] {
  const byFile = unique(owners, owner => (owner.photoFile ? fileKey(owner.photoFile) : ''))
  const byStem = unique(owners, owner => (owner.photoFile ? stemOf(fileKey(owner.photoFile)) : ''))
  const byNumber = unique(owners, owner => owner.personalNumber)
  const byName = unique(owners, owner => searchName(owner.fullName))
  const taken = new Set<Key>()
  const matches = new Map<string, PhotoMatch<Key>>()
  const passes = [
    ['anh_file', (name: string) => byFile.get(fileKey(name))],
    ['anh_file', (name: string) => byStem.get(stemOf(fileKey(name)))],
    ['personal number', (name: string) => byNumber.get(stemOf(fileKey(name)).replace(/\D/g, ''))],
    ['name', (name: string) => byName.get(searchName(stemOf(fileKey(name)).replaceAll('_', ' ')))],
  ] as const
  for (const [by, find] of passes) {
    for (const name of names) {
      if (matches.has(name)) continue
      const owner = find(name)
      if (!owner || taken.has(owner.key)) continue
      taken.add(owner.key)
      matches.set(name, { name, owner: owner.key, by })
    }
  }
  return names.map(name => matches.get(name) ?? { name, owner: null, by: null })
}

function unique<Key>(owners: readonly PhotoOwner<Key>[], keyOf: (owner: PhotoOwner<Key>) => string): Map<string, PhotoOwner<Key>> {
  const found = new Map<string, PhotoOwner<Key> | null>()
  for (const owner of owners) {
    const key = keyOf(owner)
    if (key !== '') found.set(key, found.has(key) ? null : owner)
  }
  return new Map([...found].filter((entry): entry is [string, PhotoOwner<Key>] => entry[1] !== null))
}

function fileKey(name: string): string {
  return name.normalize('NFC').split(/[/\\]/).at(-1)!.trim().toLowerCase()
}

function stemOf(name: string): string {
  return name.replace(/\.[a-z0-9]{1,5}$/, '')
}
