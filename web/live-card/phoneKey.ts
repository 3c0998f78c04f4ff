import type { P256Jwk } from '../../core/crypto/coreCrypto.ts'

/** What this phone keeps of a live card: a key that cannot leave the browser, and what the agency said of it. */
export interface BoundPhone {
  readonly keys: CryptoKeyPair
  readonly jwk: P256Jwk
  readonly sealed: Uint8Array
  readonly binding: Uint8Array
  /** Seconds. */
  readonly expiresAt: number
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }

/** A new P-256 key pair whose private part cannot be read out. */
export async function makePhoneKey(): Promise<{ keys: CryptoKeyPair; jwk: P256Jwk }> {
  const keys = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])
  const { x, y } = await crypto.subtle.exportKey('jwk', keys.publicKey)
  return { keys, jwk: { kty: 'EC', crv: 'P-256', x: x!, y: y! } }
}

/** ES256 over a message, 64 bytes r‖s. */
export async function signWith(keys: CryptoKeyPair, message: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, keys.privateKey, message as Uint8Array<ArrayBuffer>))
}

export async function readPhone(): Promise<BoundPhone | undefined> {
  const database = await open()
  return settled(database.transaction('phone').objectStore('phone').get('bound'))
}

/** Keeps the phone's binding, in place of one before. */
export async function keepPhone(phone: BoundPhone): Promise<void> {
  const database = await open()
  await settled(database.transaction('phone', 'readwrite').objectStore('phone').put(phone, 'bound'))
}

export async function forgetPhone(): Promise<void> {
  const database = await open()
  await settled(database.transaction('phone', 'readwrite').objectStore('phone').delete('bound'))
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('antin-live-card', 1)
    request.onupgradeneeded = () => request.result.createObjectStore('phone')
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
    setTimeout(() => reject(new Error('silent')), 3000)
  })
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
