import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readQrImage } from '../../../cli/readQrImage.ts'

/** Why printed cards cannot be looked at here; undefined when they can. */
export const noPoppler = spawnSync('pdftoppm', ['-v']).error ? 'no pdftoppm on this machine (apt package poppler-utils)' : undefined

/** The codes on each page of a PDF as poppler draws it, 200 dots an inch: what a camera would read from the plastic. */
export async function printedCodes(pdf: string): Promise<string[][]> {
  const folder = mkdtempSync(join(tmpdir(), 'antin-printed-'))
  try {
    execFileSync('pdftoppm', ['-r', '200', '-gray', '-png', pdf, join(folder, 'page')])
    const pages: string[][] = []
    for (const page of readdirSync(folder).sort()) pages.push((await readQrImage(readFileSync(join(folder, page)))) ?? [])
    return pages
  } finally {
    rmSync(folder, { recursive: true })
  }
}
