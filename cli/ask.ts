import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { CliError, type CliIo } from './io.ts'

/** A passphrase typed on the terminal without being shown. Throws where there is no terminal. */
export async function askSecret(io: CliIo, question: string): Promise<string> {
  requireTerminal(io, 'A passphrase is typed on a terminal, or read from a file.')
  process.stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return await lines.question('')
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}

/** Whether the person types the word that agrees. Throws where there is no terminal: say --yes there. */
export async function askToConfirm(io: CliIo, question: string, word: string): Promise<boolean> {
  requireTerminal(io, 'Nobody is there to agree: say --yes.')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return (await lines.question(`${question}\nType ${word} to go on: `)).trim() === word
  } finally {
    lines.close()
  }
}

function requireTerminal(io: CliIo, otherwise: string): void {
  if (!io.isTerminal || process.stdin.isTTY !== true) throw new CliError(otherwise, 64)
}
