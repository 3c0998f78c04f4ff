import { zipSync } from 'fflate'

/** A ZIP archive of these files. */
export function zipFile(files: readonly { name: string; bytes: Uint8Array }[]): Buffer {
  return Buffer.from(zipSync(Object.fromEntries(files.map(({ name, bytes }) => [name, new Uint8Array(bytes)]))))
}
