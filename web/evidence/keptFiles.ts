/** A public file as it was last fetched. */
export interface KeptFile {
  readonly path: string
  readonly bytes: Uint8Array
  /** Seconds, by this device's clock. */
  readonly fetchedAt: number
}

/** Public evidence and marks kept on this device, in IndexedDB; a browser without one keeps nothing and works online. */
export interface KeptFiles {
  get(path: string): Promise<KeptFile | undefined>
  put(file: KeptFile): Promise<void>
  readMarks(): Promise<Map<string, readonly number[]>>
  putMark(key: string, mark: readonly number[]): Promise<void>
  /** What the offline download noted of itself. */
  readNote<T>(name: string): Promise<T | undefined>
  putNote(name: string, note: unknown): Promise<void>
  readonly lasting: boolean
}

let opened: Promise<KeptFiles> | undefined

export function keptFiles(): Promise<KeptFiles> {
  opened ??= openDatabase().then(inDatabase, () => inMemory())
  return opened
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('antin-evidence', 1)
    request.onupgradeneeded = () => {
      for (const name of ['files', 'marks', 'notes']) request.result.createObjectStore(name)
    }
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
    request.onblocked = () => reject(new Error('blocked'))
    // Some web views never answer.
    setTimeout(() => reject(new Error('silent')), 2000)
  })
}

function inDatabase(database: IDBDatabase): KeptFiles {
  const read = <T>(store: string, key: string) => settled<T | undefined>(database.transaction(store).objectStore(store).get(key))
  const write = (store: string, key: string, value: unknown) =>
    settled(database.transaction(store, 'readwrite').objectStore(store).put(value, key)).then(
      () => undefined,
      () => undefined, // a full disk only means that less works offline
    )
  return {
    lasting: true,
    get: path => read<KeptFile>('files', path).catch(() => undefined),
    put: file => write('files', file.path, file),
    async readMarks() {
      const store = database.transaction('marks').objectStore('marks')
      const [keys, marks] = await Promise.all([settled(store.getAllKeys()), settled<(readonly number[])[]>(store.getAll())])
      return new Map(keys.map((key, i) => [String(key), marks[i]!]))
    },
    putMark: (key, mark) => write('marks', key, mark),
    readNote: name => read('notes', name),
    putNote: (name, note) => write('notes', name, note),
  }
}

function inMemory(): KeptFiles {
  const files = new Map<string, KeptFile>()
  const notes = new Map<string, unknown>()
  return {
    lasting: false,
    get: async path => files.get(path),
    put: async file => void files.set(file.path, file),
    readMarks: async () => new Map(),
    putMark: async () => undefined,
    readNote: async <T>(name: string) => notes.get(name) as T | undefined,
    putNote: async (name, note) => void notes.set(name, note),
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
